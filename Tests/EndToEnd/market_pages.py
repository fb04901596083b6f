# SPDX-License-Identifier: Apache-2.0
"""The pages of a repository: whatever vendors say is shown there, and nothing of it works."""
import html.parser
import json
import os

import product
from market_site import template


class Reader(html.parser.HTMLParser):
    """What a page consists of."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.words = set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words += data


def pages(bench):
    """Whatever a description holds, the pages show it and do not obey it."""
    site = bench.site
    hostile = {
        "name": "<script>alert(1)</script>", "summary": "\"><img src=x onerror=alert(1)> & 'x' \u202e\u0007", "who": "</main><h1>",
        "links": ["https://a.example/?a=1&b=%3C"], "protocols": ["</td><script>"], "example": "</pre>\n<script>\u2066"}
    for link in ("javascript:alert(1)", "https://a.example/\"onclick=x", "https://", "data:text/html,x", "HTTPS://x y"):
        about = bench.write("bad.json", json.dumps({**hostile, "links": [link]}))
        _, error = site.publish(65, "zeta", template(bench, "zeta-venue"), "zeta/hostile", description=about)
        bench.hold("links[0]" in error, error)
    about = bench.write("hostile.json", json.dumps(hostile))
    site.publish(0, "zeta", template(bench, "zeta-venue"), "zeta/hostile", "--strictness", "1", description=about)
    bench.stranger.refreshed()
    for path in ("index.html", "adapters/zeta/hostile.html", "adapters/acme/itch.html"):
        text = product.read(f"{site.path}/{path}").decode()
        reader = Reader()
        reader.feed(text)
        known = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "a", "table", "thead", "tbody", "tr",
                 "th", "td", "ul", "li", "pre"}
        bench.hold(reader.tags <= known, reader.tags - known)
        names = {name for name, _ in reader.attributes}
        bench.hold(names <= {"lang", "charset", "name", "content", "http-equiv", "scope", "href", "class", "rel"}, names)
        links = [value for name, value in reader.attributes if name == "href"]
        bench.hold(all(link.startswith("https://") or os.path.exists(os.path.join(os.path.dirname(f"{site.path}/{path}"), link))
                       for link in links), links)
        bench.hold("\u202e" not in text and "\u0007" not in text and "\u2066" not in text, "a character that does not show")
    bench.hold("<img src=x onerror=alert(1)>" in " ".join(page_words(site, "adapters/zeta/hostile.html")), "the words")
    site.sound()


def page_words(site, path):
    reader = Reader()
    reader.feed(product.read(f"{site.path}/{path}").decode())
    return [reader.words]
