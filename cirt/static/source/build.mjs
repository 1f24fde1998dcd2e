// Builds ../css/app.ltr.css and ../css/app.rtl.css.
// Bootstrap's part is mirrored by rtlcss; our own part has logical properties only and serves both as it is.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import rtlcss from "rtlcss";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const options = {
  loadPaths: [join(here, "node_modules")],
  quietDeps: true,
  // Bootstrap 5.3 is written with @import
  silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"],
};
const compile = (file) => sass.compile(join(here, file), options).css;
// after rtlcss, because compressing drops the comments that steer it
const compress = (css) => sass.compileString(css, { syntax: "css", style: "compressed" }).css.replace(/^\uFEFF/, "");

const physical = /[;{\s](margin|padding|border)-(left|right)|[;{\s](left|right):|text-align:(left|right)|float:(left|right)/;
const own = compile("own.scss").replace('@charset "UTF-8";', "");
const found = own.match(physical);
if (found) throw new Error(`own.scss names a side of the page (${found[0]}); use the logical property`);

const base = compile("bootstrap.scss");
for (const text of [base, own]) {
  if (text.includes("data:")) throw new Error("a data: URL would be refused by the Content Security Policy");
}
const head = '@charset "UTF-8";/*! Contains parts of Bootstrap 5.3.9, MIT, Copyright The Bootstrap Authors */';
writeFileSync(join(here, "../css/app.ltr.css"), `${head}${compress(base + own)}\n`);
writeFileSync(join(here, "../css/app.rtl.css"), `${head}${compress(rtlcss.process(base) + own)}\n`);
