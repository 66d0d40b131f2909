# SPDX-License-Identifier: Apache-2.0
"""Texts in the user's language, for the shell: the page translates its own."""

from __future__ import annotations

import gettext
import logging
from typing import Callable

from .messages import Message, render
from .paths import data_dir

logger = logging.getLogger(__name__)
DOMAIN = "cockpit-rhv"

Translate = Callable[[Message], str]


def translator() -> Translate:
    """A function that renders a message in the language of LANGUAGE, LC_ALL, LC_MESSAGES or LANG, else in English.

    The catalogues are ``<data>/locale/<language>/LC_MESSAGES/cockpit-rhv.mo``; the English template is the key.
    """
    catalogue = gettext.translation(DOMAIN, str(data_dir() / "locale"), fallback=True)

    def translate(message: Message) -> str:
        # gettext answers the empty string with the catalogue's header.
        template = catalogue.gettext(message.text) if message.text else ""
        try:
            return render(template, message.params)
        except (KeyError, ValueError, IndexError) as error:
            # A catalogue is data from elsewhere: a placeholder it spells wrong must not cost the user the sentence.
            logger.warning("the translation of %s is unusable: %r", message.id, error)
            return str(message)

    return translate
