// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "io/text.h"

/* Light and dark are two sets of these; each pair of ink and ground has a contrast of at least 4.5, and each
 * colour of a kind at least 3 on both grounds (tests/report.py). */
static const char style[] =
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1b1f24;--soft:#57606a;--line:#8c959f;--band:#f2f4f7;"
    "--link:#0b5cad;--bad:#b3261e;--heat:11,92,173}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--ground:#14171c;--ink:#e6e9ed;--soft:#a5afba;"
    "--line:#6b7580;--band:#1f242b;--link:#7db8f5;--bad:#ff9a90;--heat:80,150,230}}\n"
    "body{margin:0 auto;max-width:76rem;padding:0 1rem 3rem;background:var(--ground);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;margin:1.2rem 0 .2rem}h2{margin:2.4rem 0 .4rem;border-top:1px solid var(--line);"
    "padding-top:1.2rem;font-size:1.3rem;overflow-wrap:anywhere}"
    "h3{margin:1.4rem 0 .3rem;font-size:1.05rem}\n"
    "p,li{max-width:52rem}a{color:var(--link)}.soft{color:var(--soft)}.bad{color:var(--bad);font-weight:600}"
    "\n"
    ".wide{overflow-x:auto;margin:.6rem 0}.wide:focus-visible{outline:2px solid var(--link)}\n"
    "table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;font-weight:600;padding:.3rem 0;caption-side:top}\n"
    "th,td{padding:.18rem .6rem;text-align:left;border-bottom:1px solid var(--band);white-space:nowrap}"
    "thead th{border-bottom:1px solid var(--line);vertical-align:bottom;white-space:normal;min-width:3.2rem}"
    "td.n,th.n{text-align:right}tbody th{font-weight:400;max-width:26rem;white-space:normal;"
    "overflow-wrap:break-word}tbody tr:nth-child(even){background:var(--band)}\n"
    "thead "
    "button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:0;cursor:pointer;"
    "text-align:inherit}thead [aria-sort] button::after{content:' \\25B2'}"
    "thead [aria-sort=descending] button::after{content:' \\25BC'}\n"
    ".m td.n{min-width:2.1rem}.m td.h{background:rgba(var(--heat),var(--a))}\n"
    ".k{display:inline-block;width:.7rem;height:.7rem;margin-right:.35rem;border-radius:2px}"
    ".kM{background:#2f7ed8}.kS{background:#b8660f}.kX{background:#8a63c9}.kA{background:#c2453d}\n"
    "svg{width:100%;height:auto;max-width:60rem;display:block}svg [stroke=black]{stroke:var(--ink)}"
    "svg [color=black]{color:var(--ink)}svg [fill=black]{fill:var(--ink)}svg .gridline{stroke:var(--line)}\n"
    "figure{margin:1rem 0}figcaption{font-weight:600;font-size:.85rem}ul.pictures{list-style:none;padding:0;"
    "display:flex;flex-wrap:wrap;gap:1rem}ul.pictures li{font-size:.85rem}"
    "img{image-rendering:pixelated;width:112px;height:auto;display:block}\n"
    "details{margin:.6rem "
    "0}summary{cursor:pointer;font-weight:600}code{font-size:.9em;overflow-wrap:anywhere}\n"
    "@media print{body{max-width:none;font-size:11px}.wide{overflow:visible}h2{break-before:page}"
    "table,svg{break-inside:auto}tr,figure{break-inside:avoid}nav{display:none}"
    "details>:not(summary){display:revert}}\n";

/* Headings of columns sort. Without it the page has the same text. */
static const char script[] =
    "for(const t of document.querySelectorAll('table.s'))t.querySelectorAll('thead th').forEach((h,i)=>{"
    "const b=document.createElement('button');b.append(...h.childNodes);h.append(b);b.onclick=()=>{"
    "const up=h.getAttribute('aria-sort')!='ascending';"
    "t.querySelectorAll('thead th').forEach(o=>o.removeAttribute('aria-sort'));"
    "h.setAttribute('aria-sort',up?'ascending':'descending');const y=t.tBodies[0],k=r=>{const c=r.cells[i],"
    "v=c&&c.dataset.v;return v!==undefined?(v===''?NaN:+v):c?c.textContent:''};"
    "[...y.rows].sort((a,b)=>{const x=k(a),z=k(b);let o;if(typeof x=='number'&&typeof z=='number')"
    "{if(isNaN(x)||isNaN(z))return isNaN(x)-isNaN(z);o=x-z}else o=String(x).localeCompare(String(z));"
    "return up?o:-o}).forEach(r=>y.append(r))}});"
    "addEventListener('beforeprint',()=>document.querySelectorAll('details').forEach(d=>d.open=true));";

void pm_page_escape(FILE *f, const char *s) {
    while (*s) {
        const size_t n = pm_utf8_length(s);
        if (n == 0 || (n == 1 && iscntrl((unsigned char)*s)))
            fputs("\xef\xbf\xbd", f);
        else if (*s == '<')
            fputs("&lt;", f);
        else if (*s == '>')
            fputs("&gt;", f);
        else if (*s == '&')
            fputs("&amp;", f);
        else if (*s == '"')
            fputs("&quot;", f);
        else if (*s == '\'')
            fputs("&#39;", f);
        else
            fwrite(s, 1, n, f);
        s += n ? n : 1;
    }
}

void pm_page_text(struct pm_page *p, const char *s) {
    pm_page_escape(p->f, s);
}

void pm_page_html(struct pm_page *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(p->f, format, args);
    va_end(args);
}

pm_status pm_page_begin(struct pm_page *p, const char *title) {
    *p = (struct pm_page){0};
    p->f = open_memstream(&p->text, &p->size);
    if (!p->f)
        return PM_ENOMEM;
    pm_page_html(p,
                 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
                 "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
                 "<meta name=\"generator\" content=\"perimeter %s\">\n<link rel=\"icon\" href=\"data:,\">\n"
                 "<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n",
                 pm_version, title, style, title);
    return PM_OK;
}

pm_status pm_page_end(struct pm_page *p) {
    pm_page_html(p, "</main>\n<script>%s</script>\n</body>\n</html>\n", script);
    const bool ok = !ferror(p->f);
    const bool closed = fclose(p->f) == 0;
    p->f = NULL;
    return ok && closed ? PM_OK : PM_ENOMEM;
}

void pm_page_free(struct pm_page *p) {
    if (p->f)
        fclose(p->f);
    free(p->text);
    *p = (struct pm_page){0};
}

/* ---- tables ---- */

void pm_page_table(struct pm_page *p, const char *caption, const char *name, const char *columns) {
    pm_page_html(p, "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"%s", caption);
    if (name) {
        pm_page_html(p, " ");
        pm_page_text(p, name);
    }
    pm_page_html(p, "\">\n<table class=\"s\">\n<caption>%s", caption);
    if (name) {
        pm_page_html(p, " ");
        pm_page_text(p, name);
    }
    pm_page_html(p, "</caption>\n<thead><tr>");
    for (const char *at = columns; *at;) {
        const size_t n = strcspn(at, "|");
        const bool words = *at == '<' || at == columns;
        char title[256];
        snprintf(title, sizeof title, "%.*s", (int)n - (*at == '<'), at + (*at == '<'));
        pm_page_html(p, "<th scope=\"col\"%s>", words ? "" : " class=\"n\"");
        pm_page_text(p, title);
        pm_page_html(p, "</th>");
        at += n + (at[n] == '|');
    }
    pm_page_html(p, "</tr></thead>\n<tbody>\n");
}

void pm_page_table_end(struct pm_page *p) {
    pm_page_html(p, "</tbody></table></div>\n");
}

void pm_page_row(struct pm_page *p, const char *name) {
    pm_page_html(p, "<tr><th scope=\"row\">");
    pm_page_text(p, name);
    pm_page_html(p, "</th>");
}

void pm_page_cell(struct pm_page *p, const char *text) {
    pm_page_html(p, "<td>");
    pm_page_text(p, text);
    pm_page_html(p, "</td>");
}

/* Digits in threes. */
static void put_grouped(FILE *f, const char *digits) {
    const size_t sign = *digits == '-', whole = strspn(digits + sign, "0123456789");
    fwrite(digits, 1, sign, f);
    for (size_t i = 0; i < whole; i++) {
        fputc(digits[sign + i], f);
        if ((whole - i) % 3 == 1 && i + 1 < whole)
            fputs("\xe2\x80\xaf", f);
    }
    fputs(digits + sign + whole, f);
}

static void put_number(FILE *f, double v, int digits) {
    char text[400];
    if (digits < 0 && (fabs(v) >= 1e15 || (v != 0 && fabs(v) < 1e-4)))
        snprintf(text, sizeof text, "%.4g", v);
    else if (digits < 0)
        snprintf(text, sizeof text, "%.*f", v == floor(v) ? 0 : fabs(v) >= 100 ? 2 : fabs(v) >= 1 ? 3 : 5, v);
    else
        snprintf(text, sizeof text, "%.*f", digits, v);
    put_grouped(f, text);
}

static void cell(struct pm_page *p, double v, int digits, const char *before) {
    if (!isfinite(v)) {
        pm_page_html(p, "<td class=\"n\" data-v=\"\">%s\xe2\x80\x93</td>", before);
        return;
    }
    pm_page_html(p, "<td class=\"n\" data-v=\"%.17g\" title=\"%.10g\">%s", v, v, before);
    put_number(p->f, v, digits);
    pm_page_html(p, "</td>");
}

void pm_page_cell_number(struct pm_page *p, double v, int digits) {
    cell(p, v, digits, "");
}

void pm_page_cell_kind(struct pm_page *p, double v, char kind) {
    char mark[64] = "";
    if (isfinite(v) && kind && strchr("MSXA", kind))
        snprintf(mark, sizeof mark, "<span class=\"k k%c\"></span>%c ", kind, kind);
    cell(p, v, -1, mark);
}

/* ---- what a document says ---- */

const cJSON *pm_report_item(const cJSON *of, const char *path) {
    while (of && *path) {
        char key[96];
        const size_t n = strcspn(path, "/");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        of = cJSON_IsObject(of) ? cJSON_GetObjectItemCaseSensitive(of, key) : NULL;
        path += n + (path[n] == '/');
    }
    return of;
}

double pm_report_number(const cJSON *of, const char *path) {
    const cJSON *item = pm_report_item(of, path);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

const char *pm_report_string(const cJSON *of, const char *path) {
    const cJSON *item = pm_report_item(of, path);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}
