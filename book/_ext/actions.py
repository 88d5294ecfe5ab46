"""What a reader can do with a page, in a line below its title: notebook, Colab, Binder, a report, citing, licence.

Colab, Binder and reports need to know where the repository lies. This is one setting, ``repository`` in
``course.toml``. While it is empty these actions are not there.
"""

import re
from html import escape
from urllib.parse import quote

from page_notebooks import SETTINGS, handed_out, pages

BRANCH = "gh-pages"  # where the publishing workflow puts the rendered book, notebooks included


def actions(page: str, title: str, repo: str) -> list[tuple[str, str]]:
    """(words, address) of each action of ``book/<page>``.

    ``repo`` is ``owner/name`` on GitHub, or nothing. Addresses of this site are relative to its folder ``book``.
    """
    found = []
    if page in handed_out():
        found.append(("Download this page as a notebook", f"../notebooks/{page}.ipynb"))
        if repo:
            path = f"notebooks/{page}.ipynb"
            found.append(("Open in Colab", f"https://colab.research.google.com/github/{repo}/blob/{BRANCH}/{path}"))
            found.append(("Open in Binder", f"https://mybinder.org/v2/gh/{repo}/{BRANCH}?labpath={quote(path)}"))
    if repo:
        about = quote(f"{title}: ")
        found.append(("Report a mistake", f"https://github.com/{repo}/issues/new?title={about}"))
    return [*found, ("Cite this book, and its licence", "cite.html")]


def add_actions(app, pagename, templatename, context, doctree) -> None:
    page = pagename.removeprefix("book/")
    if page not in pages():
        return
    title = re.sub(r"<[^>]*>", "", context["title"])
    links = [f'<a href="{escape(url)}">{words}</a>' for words, url in actions(page, title, SETTINGS["repository"])]
    line = f'<nav class="page-actions" aria-label="This page">{" · ".join(links)}</nav>'
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


def student_folder(address: str) -> str:
    """What pages call the folder of ``make student-repo``: a link, where its address is set."""
    return f"[the course's folder]({address})" if address else "the folder that your course gave you"


def name_the_folder(app, config) -> None:
    """Pages write ``{{ student_folder }}``. The setting is ``student_folder``, beside ``repository``."""
    config.myst_substitutions = {"student_folder": student_folder(SETTINGS.get("student_folder", ""))}


def setup(app) -> dict[str, bool]:
    app.connect("config-inited", name_the_folder)
    app.connect("html-page-context", add_actions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
