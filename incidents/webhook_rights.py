"""Rights over webhooks, and what a webhook may be told of: what its administration's machines may."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.errors import N_
from cirt.incidents.exchange_rights import OWN_RELEASE, READER
from cirt.incidents.recall_rights import ADDRESSED_RECALL, OWN_RECALL
from cirt.incidents.rights import CASE_ROLES
from cirt.incidents.submission_rights import DECIDES
from cirt.incidents.webhook_models import Webhook, WebhookDelivery

SCOPE = "webhooks.manage"


def _own_webhook(actor: Actor) -> sa.ColumnElement[bool]:
    return Webhook.administration_id == actor.administration_id


def _own_message(actor: Actor) -> sa.ColumnElement[bool]:
    webhook = sa.select(Webhook.id).where(
        Webhook.id == WebhookDelivery.webhook_id, _own_webhook(actor)
    )
    return webhook.correlate(WebhookDelivery).exists()


OWN_WEBHOOK = Fact(Webhook, N_("Webhooks are for the administration that made them."), _own_webhook)
OWN_MESSAGE = Fact(
    WebhookDelivery, N_("Webhooks are for the administration that made them."), _own_message
)

permit("webhook.list", CASE_ROLES)
permit("webhook.list", [Role.MACHINE], scope=SCOPE)
permit("webhook.see", CASE_ROLES, OWN_WEBHOOK)
permit("webhook.see", [Role.MACHINE], OWN_WEBHOOK, scope=SCOPE)
# it opens a way out of the administration
permit("webhook.make", [Role.RELEASING_OFFICER])
permit("webhook.make", [Role.MACHINE], scope=SCOPE)
permit("webhook.change", [Role.RELEASING_OFFICER], OWN_WEBHOOK)
permit("webhook.change", [Role.MACHINE], OWN_WEBHOOK, scope=SCOPE)
permit("webhook.send", CASE_ROLES, OWN_MESSAGE)

# asked when news is looked for, and again when a message about it leaves
permit("webhook.tell", [Role.MACHINE], READER, scope=SCOPE)
permit("webhook.tell", [Role.MACHINE], OWN_RELEASE, scope=SCOPE)
permit("webhook.tell", [Role.MACHINE], OWN_RECALL, scope=SCOPE)
permit("webhook.tell", [Role.MACHINE], ADDRESSED_RECALL, scope=SCOPE)
permit("webhook.tell", [Role.MACHINE], DECIDES, scope=SCOPE)
