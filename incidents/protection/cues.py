"""Words by which personal data are recognised, in the languages of the UN; "_" is a space."""

from typing import Final

from cirt.incidents.protection.word_lists import word_set, words

PHONE: Final = words("""
tel telephone phone mobile cell cellphone call called whatsapp fax sms gsm viber signal ☎ 📞 📱
tél téléphone portable fixe appeler appelez joindre
teléfono telefono tfno móvil movil celular llamar llame telefone telefon
тел телефон телефона телефону телефонный моб мобильный звонить звоните звонок факс
هاتف الهاتف تلفون تليفون التليفون جوال الجوال موبايل الموبايل محمول المحمول نقال النقال خلوي
فاكس واتساب واتس اتصل الاتصال تلفن موبایل همراه
电话 電話 手机 手機 手机号 联系电话 传真 致电 拨打 座机 固话 移动电话
""")
NATIONAL_ID: Final = words("""
national_id national_identity_number identity_number identity_card id_number id_card id_no
passport passport_no passport_number social_security ssn nin
passeport carte_d'identité numéro_de_sécurité_sociale cin nir
pasaporte dni nie cédula cedula curp documento_de_identidad carné_de_identidad
паспорт паспорта паспортные_данные снилс инн удостоверение_личности
رقم_الهوية الهوية_الوطنية الرقم_القومي الرقم_الوطني بطاقة_الهوية بطاقة_التعريف جواز_السفر
رقم_الجواز رقم_جواز_السفر
身份证 身份證 身份证号 身份证号码 护照 護照 护照号 护照号码
""")
POSTAL: Final = words("""
address postal_address home_address office_address lives_at residing_at resides_at
adresse adresse_postale domicile domicilié domiciliée demeurant
dirección direccion domicilio vive_en
адрес адресу проживает проживающий проживающая
العنوان عنوانه عنوانها عنوان_السكن يسكن تسكن يقيم تقيم
地址 住址 住在 家庭住址
""")
ACCOUNT: Final = words("""
user username user_name userid user_id login logon account account_name samaccountname logged_in_as
utilisateur nom_d'utilisateur identifiant compte
usuario nombre_de_usuario cuenta
логин пользователь имя_пользователя учётная_запись учетная_запись аккаунт
المستخدم اسم_المستخدم مستخدم الحساب حساب اسم_الحساب
用户 用戶 用户名 用戶名 账号 帳號 账户 帐户 登录名
""")
TITLE: Final = words("""
Mr Mrs Ms Mx Dr Prof Professor Eng Engr Sir Madam Capt Captain Lt Sgt Col Hon Rev
MM Mme Mmes Mlle Monsieur Madame Mademoiselle Docteur Maître Me.
Sr Sra Srta Sres Señor Señora Señorita Doña Dra Ing Lic Herr Frau
""")
"""Titles before a name in Latin letters; a full stop may follow."""
TITLE_WITH_STOP: Final = words("M. Gen. Maj. Cdr. H.E.")
TITLE_CYRILLIC: Final = words("""
господин господина господину господином госпожа госпожи госпоже госпожу госпожой
г-н г-на г-ну г-ном г-жа г-жи г-же г-жу г-жой гражданин гражданина гражданка гражданки гр.
доктор доктора доктору профессор профессора инженер инженера инженеру
товарищ товарища капитан капитана майор майора полковник полковника
директор директора директору сотрудник сотрудника сотруднику сотрудником сотрудница сотрудницы
сотруднице пользователь пользователя пользователю пользователем пострадавший пострадавшая
пострадавшего потерпевший потерпевшая администратор администратора администратору
""")
LABEL: Final = words("""
contact contacts contact_person user victim reported_by reporter name full_name employee owner
assigned_to caller complainant author analyst sender recipient signed by
utilisateur utilisatrice victime nom nom_et_prénom signalé_par employé employée personne auteur
contacto usuario usuaria víctima nombre nombre_y_apellidos reportado_por empleado empleada autor
контакт контактное_лицо имя фио ф.и.о. ф.и.о автор отправитель получатель
""")
"""Words before a name in Latin or Cyrillic letters; a colon behind them makes it surer."""
SURE_LABEL: Final = words("""
user victim reported_by employee contact_person caller complainant reporter
utilisateur utilisatrice victime signalé_par employé employée
usuario usuaria víctima reportado_por empleado empleada
""")
"""Of those, the ones that stand before a name without a colon."""
TITLE_ARABIC: Final = words("""
سيد سيدة سيدتي آنسة انسة دكتور دكتورة مهندس مهندسة أستاذ أستاذة استاذ استاذة شيخ عقيد عميد لواء
نقيب رائد مقدم ملازم قاضي محامي محامية محاسب محاسبة مواطن مواطنة مدعو مدعوة بروفيسور طبيب طبيبة
""")
LABEL_ARABIC: Final = words("""
المستخدم المستخدمة مستخدم الموظف الموظفة موظف موظفة الضحية المتضرر المتضررة المبلغ المبلغة
اسم_الموظف اسم_الضحية اسم_المستخدم
""")
LABEL_ARABIC_COLON: Final = words("""
المستخدم المستخدمة الموظف الموظفة الضحية المتضرر المبلغ الاسم الاسم_الكامل جهة_الاتصال للتواصل
المرسل المستلم الكاتب اسم_الموظف اسم_الضحية المسؤول
""")
TITLE_CHINESE: Final = words("""
先生 女士 小姐 太太 博士 教授 工程师 工程師 主任 经理 經理 老师 老師 同志 处长 處長 局长 局長
科长 科長 部长 部長 总监 總監 警官 律师 律師 医生 醫生
""")
LABEL_CHINESE: Final = words("""
联系人 聯絡人 聯繫人 姓名 用户 用戶 受害人 受害者 报告人 報告人 举报人 员工 員工 职员 職員
负责人 負責人 收件人 发件人 寄件人 当事人 當事人 管理员 管理員
""")

PARTICLES: Final = word_set(
    "de da do dos das del la las los van von der den di du le bin ibn bint al el ben y e"
)
"""Small words within a name in Latin letters."""

NOT_NAMES: Final = word_set("""
account accounts agent access active activity admin administration administrator administrators
agency alert analysis analyst and api app application attack attacker authority authentication
bank behaviour browser business card care case center centre cert cirt client cloud committee
community company computer connect control council credentials csirt customer data database
defined department desk device directory director division domain email emails e-mail emergency
endpoint engineering error event experience file firewall forum gateway global government group
groups guide hash help home host hosts http https id identity in incident information institute
interface internet ip it key laptop list login logon machine mail mailbox management manager
manual me media message microsoft ministry mode mobile money name names national network no none
not number office officer on online operations order organisation organization page party
password passwords permissions phone phish platform point policy portal privileges profile
profiles program project proxy public question ransomware report request response rights role
router rule run sector security server servers service services session sessions settings share
site soc software source space state status story support suspected switch system systems table
team telephone test the this ticket to token tool traffic training unit university unknown
upload url us user username users vendor version victim victims vpn web website windows
workstation was were has had is are we you they he she it's our their his her please from for
with within about
banque ministère direction équipe service société groupe compte poste réseau système agence
centre police sécurité le la les un une des nous vous
banco ministerio equipo servicio sociedad empresa grupo cuenta red sistema agencia centro policía
seguridad el los las una
банк министерство служба группа компания система сеть центр отдел управление сервер агентство
""")
"""Words that begin with a capital in reports and are no name of a person."""

NOT_NAMES_ARABIC: Final = word_set("""
في من إلى على عن مع أن إن ان الذي التي الذين هو هي هذا هذه ذلك تلك كان كانت قد وقد لقد ثم أو و
بعد قبل خلال عند عندما حيث كما لأن لم لن لا ما ليس بأن بأنه أنه أنها حول لدى ضد بين حتى منذ دون
قام قامت أبلغ أبلغت بلغ فتح فتحت تلقى تلقت استلم استلمت نقر نقرت ضغط ضغطت ذكر ذكرت قال قالت أفاد
أفادت أكد أكدت طلب طلبت أرسل أرسلت ارسل اتصل اتصلت سجل سجلت حمل حملت يعمل تعمل يستخدم تستخدم
يمكن يجب تم تمت سيتم يتم يوم أمس اليوم صباح مساء الساعة رقم هاتف هاتفه هاتفها هاتفيا بريد بريده
بريدها البريد الهاتف الجوال عبر بواسطة برقم بريدا رسالة ملف ملفا رابط
الوزير المدير الرئيس العام النهائي النهائيين المسؤول المسؤولة الأول الثاني الثالث الواحد الجديد
الحالي المحلي المصاب المستهدف المتأثر الخاص الخاصة نفسه نفسها آخر اخر أي كل بعض غير وزير رئيس مدير
وزارة الوزارة شركة الشركة إدارة الإدارة قسم القسم بنك البنك مؤسسة هيئة الهيئة مركز المركز فريق
الفريق جهاز الجهاز نظام النظام خادم الخادم شبكة الشبكة حساب الحساب
""")
KINSHIP_ARABIC: Final = word_set("بن ابن بنت أبو ابو أبي أم ام آل عبد عبدال")
"""Words that join two parts of a name."""

SURNAMES: Final = (
    "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|皇甫|尉迟|公孙|慕容|令狐|"
    "[王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹"
    "袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒"
    "熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文]"
)
"""The commonest family names."""

NOT_GIVEN: Final = (
    "报報告在的了于於是和与與向收发發已被从從将將点點打说說称稱及等对對为為使用登电電邮郵账帳账户戶名"
    "号號其并並把给給因此时時后後前中不无無有可应應请請经經"
)
"""Characters that follow a name more often than they stand in one."""
