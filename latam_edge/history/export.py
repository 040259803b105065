"""A conversation as a file to keep, print or hand on: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from latam_edge.core.i18n import t
from latam_edge.history.records import Conversation, StoredMessage, state_label
from latam_edge.history.search import fold

JSON_VERSION = 1


def to_markdown(conversation: Conversation, messages: list[StoredMessage], lang: str | None = None) -> str:
    """Title, date, then each turn under a heading; answers that were replaced are marked as earlier ones."""
    lines = [
        f"# {conversation.title}",
        "",
        "*"
        + t("history.exported", lang, date=conversation.updated_at[:10], model=conversation.model or "–")
        + "*",
    ]
    for message in messages:
        if message.role == "user":
            heading = t("history.you", lang)
        elif message.role == "assistant":
            heading = t("history.earlier" if message.replaced_by else "history.assistant", lang)
        else:
            continue
        lines += ["", f"## {heading}", "", message.content.strip()]
        if label := state_label(message.state, lang):
            lines += ["", f"*{label}*"]
    return "\n".join(lines) + "\n"


def to_json(conversation: Conversation, messages: list[StoredMessage]) -> str:
    """Everything that is known, the replaced answers included (`replaced_by` names the later one)."""
    content = {
        "format": "latam-edge conversation",
        "version": JSON_VERSION,
        "conversation": asdict(conversation),
        "messages": [asdict(message) for message in messages],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def file_stem(title: str) -> str:
    """A file name, without suffix, that every file system takes: "¿Qué es?" -> "que-es"."""
    return re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:50].strip("-") or "chat"
