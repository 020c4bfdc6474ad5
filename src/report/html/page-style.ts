/** The style of the page, without the pictures. */
export const PAGE_CSS = `
*{box-sizing:border-box}
html{scroll-padding-top:16px}
body{margin:0 auto;max-width:1080px;padding:40px 24px 80px;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;font-variant-numeric:tabular-nums}
h1,h2,h3,h4,p{margin:0}
h1{font-size:30px;line-height:1.2;font-weight:650;letter-spacing:-.01em}
h2{font-size:20px;line-height:1.3;font-weight:650}
h3{font-size:16px;font-weight:650}
h4{font-size:14px;font-weight:650}
small{font-size:.87em;font-weight:400;color:var(--dim)}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible,[tabindex]:not(.lane):focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
h3:target{border-left:3px solid var(--link);padding-left:10px;margin-left:-13px}
svg g:focus{outline:none}
svg g:not(.lane):focus-visible{outline:2px solid var(--link);outline-offset:-1px}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.eyebrow{color:var(--dim);font-size:13px;margin-bottom:6px}
.headline{margin-top:10px;font-size:17px}
.good{color:var(--good)}.bad{color:var(--bad)}.unknown{color:var(--warn)}
header{margin-bottom:36px}
.note,.back,figcaption{color:var(--dim);font-size:13px}
.note{margin-top:8px}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:13px}
caption{text-align:left;font-weight:600;padding:10px 0 4px}
th,td{text-align:left;vertical-align:top;padding:5px 16px 5px 0;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--dim);font-weight:500}
tbody th{font-weight:600;white-space:nowrap}
.num{text-align:right;white-space:nowrap}
.starts{min-width:220px}
.cause{white-space:nowrap}
figcaption .cause{margin-left:12px;color:var(--text)}
figcaption .cause .cause{margin:0}
.swatch{width:11px;height:11px;vertical-align:-1px}
.matrix{width:100%;min-width:560px;font-size:14px;margin-top:14px;table-layout:fixed}
.matrix th,.matrix td{padding:12px 16px 14px 0;border-color:var(--line)}
.matrix thead th{padding:0 16px 8px 0;color:var(--text);font-weight:600;font-size:15px}
.matrix td{position:relative}
.matrix th:first-child{width:19%;position:sticky;left:0;background:var(--page);z-index:1;white-space:normal}
.matrix .figure{font-size:22px;line-height:1.2;font-weight:650;text-decoration:none;color:inherit}
.matrix .figure::after{content:"";position:absolute;inset:0}
.matrix td:hover .figure{text-decoration:underline;text-decoration-thickness:2px;text-underline-offset:4px}
.matrix .figure:focus-visible{outline:none}
.matrix .figure:focus-visible::after{outline:2px solid var(--link);outline-offset:-2px;border-radius:4px}
.matrix .clean .figure{color:var(--good)}
.matrix p{color:var(--dim);font-size:13px}
.matrix ul{list-style:none;margin:6px 0 0;padding:0;font-size:13px;line-height:1.45}
.matrix .bar{display:block;width:100%;height:4px;margin-top:6px}
.none{color:var(--dim)}
.badge{display:inline-block;margin-top:6px;padding:0 7px;border:1px solid var(--warn);border-radius:9px;color:var(--warn)!important;font-size:12px!important}
.complaints{margin-top:18px;padding:12px 16px;border-left:3px solid var(--warn);background:var(--panel);font-size:13px}
.complaints h3{font-size:14px}
.complaints ul{margin:6px 0 0;padding-left:18px}
.legend{margin-top:14px}
.legend dl{margin-top:8px}
.legend dl div{padding:5px 0}
.legend dt{font-weight:600;display:inline}
.legend dd{display:inline;margin:0 0 0 6px;color:var(--dim)}
.legend em{font-style:normal;color:var(--text)}
.legend p{margin:8px 0;max-width:75ch}
.legend ul{list-style:none;margin:0;padding:0;columns:280px;font-size:13px}
.legend li{padding:2px 0;break-inside:avoid}
.sign{width:28px;height:22px;vertical-align:middle;margin-right:6px}
.fix{margin-top:48px}
.fix ul{margin:6px 0;padding-left:18px}
pre{margin:6px 0 12px;padding:10px 14px;overflow-x:auto;background:var(--panel);font-size:13px}
pre:focus-visible{outline:2px solid var(--link)}
.variant{margin-top:64px}
.variant>h2{padding-bottom:10px;border-bottom:1px solid var(--line)}
.variant>h2::first-letter{text-transform:uppercase}
.cell{margin-top:28px;content-visibility:auto;contain-intrinsic-size:auto 520px}
.verdict{margin-top:2px}
.invalid{margin-top:6px;padding:6px 12px;border-left:3px solid var(--warn);background:var(--panel);font-size:13px}
figure{margin:12px 0 0}
.timeline{display:block;width:100%;min-width:760px;height:auto;overflow:visible}
.advice{margin-top:12px;padding:9px 14px;border-left:3px solid var(--link);background:var(--panel);font-size:13px}
.advice ul{margin:3px 0 0;padding-left:18px}
.folds ul{margin:6px 0;padding-left:18px}
.folds{display:flex;flex-wrap:wrap;gap:0 22px;margin-top:10px;font-size:13px}
details[open]{flex-basis:100%}
summary{cursor:pointer;color:var(--link);font-size:13px;padding:3px 0;width:fit-content}
.folds dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:0 24px;margin:8px 0}
.folds dl div{display:flex;gap:10px;padding:3px 0;border-top:1px solid var(--line)}
.folds dt{color:var(--dim);flex:0 0 128px}
.folds dd{margin:0}
.back{margin-top:10px}
@media(max-width:600px){body{padding:24px 16px 60px}h1{font-size:24px}.variant{margin-top:48px}}
@media print{details{display:block}.cell{content-visibility:visible;break-inside:avoid}.back{display:none}}
`;
