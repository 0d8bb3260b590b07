# SPDX-License-Identifier: Apache-2.0
"""Man pages out of what the programs say themselves: --help of each verb and daemon, and the tables their options are
read by. Nothing is written by hand. usage: man.py FOLDER_OF_THE_PROGRAMS FOLDER_OF_THE_PAGES"""
import json
import subprocess
import sys
from pathlib import Path

DAEMONS = {"ingest": "takes what stations and units send, and makes events of it",
           "router": "decides who leads each case and until when",
           "aggregator": "folds cases in PostgreSQL, keeps the views, serves them"}


def said(program, *words):
    return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout


def escape(text):
    """A line as it is: no request, no hyphen that becomes another sign."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + text if text[:1] in (".", "'") else text


def literal(text):
    return [".nf", *(escape(line) for line in text.rstrip("\n").split("\n")), ".fi"]


def page(name, section, version, summary, help_text, also, options=None):
    """The usage is the synopsis, the rest the description, as it stands on the terminal."""
    usage, _, rest = help_text.partition("\n\n")
    lines = ['.\\" -*- coding: UTF-8 -*- made of --help by tools/docs/man.py',
             f'.TH {name.upper()} {section} "" "citybrain {version}" "citybrain"',
             ".SH NAME", f"{escape(name)} \\- {escape(summary)}", ".SH SYNOPSIS", *literal(usage.removeprefix("usage: ")),
             ".SH DESCRIPTION", *literal(rest)]
    if options:
        lines += [".SH OPTIONS", "All that it takes:"]
        lines += [f".br\n\\fB{escape(option)}\\fR{' VALUE' if valued else ''}" for option, valued in options.items()]
    return "\n".join([*lines, ".SH SEE ALSO", ", ".join(f"\\fB{escape(one)}\\fR({where})" for one, where in also)]) + "\n"


def main():
    programs, out = Path(sys.argv[1]), Path(sys.argv[2])
    command = programs / "citybrain"
    version = said(command, "--version").split()[-1]
    verbs = json.loads(said(command, "completion", "json"))
    daemons = [(f"citybrain-{name}", 8) for name in DAEMONS]
    pages = {"citybrain.1": page("citybrain", 1, version, "the one command of a district's city brain", said(command, "help"),
                                 [(f"citybrain-{one['verb']}", 1) for one in verbs] + daemons)}
    for one in verbs:
        name = f"citybrain-{one['verb']}"
        pages[f"{name}.1"] = page(name, 1, version, one["summary"], said(command, one["verb"], "--help"),
                                  [("citybrain", 1)], one["options"])
    for name, summary in DAEMONS.items():
        program = f"citybrain-{name}"
        pages[f"{program}.8"] = page(program, 8, version, summary, said(programs / program, "--help"),
                                     [("citybrain", 1), ("systemd.service", 5)])
    for name, text in pages.items():
        (out / name).write_text(text)
    print(f"{len(pages)} pages in {out}")


main()
