# SPDX-License-Identifier: Apache-2.0
"""What documents tell people to type is what the command understands: each `citybrain …` in the README, the guides and the
runbooks is held against the tables that the verbs read by; so are their own help, completion and man pages. And what documents
name is there: files, links, targets of make, options, settings, metrics, questions to the API, and keys of a district's files."""
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")
BINARY = PROGRAMS / "citybrain"
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "ARCHITECTURE.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("docs/runbooks/*.md"))]


def said(*words, program=BINARY):
    done = subprocess.run([program, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def verbs():
    return {one["verb"]: one for one in json.loads(said("completion", "json"))}


# ---- documents ----

def cut(line):
    """One command: up to what the shell takes for itself."""
    line = re.sub(r"<[a-z][\w ]*>", "X", line)  # a placeholder is no redirection
    line = re.split(r"\s#|\s\||&&|;|\s[<>]|\s2>|\)\"|\\$", line)[0]
    return line.strip().rstrip("\"'`.,:;)").replace("\\", "")


def commands(text):
    """Those of fenced blocks and of `code`, each with its line."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
            continue
        parts = [line] if fenced else re.findall(r"`([^`]+)`", line)
        for part in parts:
            for found in re.finditer(r"(?:^|[\s(])(citybrain(?:-[a-z]+)? [^`]*)", part):
                if not fenced and found.start(1) > 0 and not part[:found.start(1)].strip().endswith(("&&", "|", ";", "(", "{")):
                    continue  # a word of prose inside of code
                yield number, cut(found.group(1))


def fault(words, verbs):
    """What the table of its verb has against it, or nothing. Placeholders (CASE, …) stand for anything."""
    verb = verbs.get(words[0])
    if verb is None:
        return None if words[0] in ("help", "--version", "--help", "VERB", "…", "...") else f"no verb {words[0]}"
    named, index = False, 1
    while index < len(words):
        word = words[index].strip("[]")
        index += 1
        if word.startswith("--"):
            name = word.split("=")[0]
            if name == "--help":
                continue
            if name not in verb["options"]:
                return f"{words[0]} has no {name}"
            if verb["options"][name] and "=" not in word:
                if index == len(words):
                    return f"{name} lacks its value"
                index += 1
        elif not named and verb["words"] and word not in ("…", "...", ""):
            named = True
            for one in word.split("|"):
                if not any(one == known or (known.endswith(".") and one.startswith(known[:-1])) for known in verb["words"]):
                    return f"{words[0]} has no {one}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_one(page, verbs):
    faults = []
    for number, command in commands(page.read_text()):
        try:
            words = shlex.split(command)
        except ValueError:
            words = command.split()
        if words[0] != "citybrain" or len(words) < 2:
            continue
        wrong = fault(words[1:], verbs)
        if wrong:
            faults.append(f"{page.name}:{number}: {command}: {wrong}")
    assert not faults, "\n".join(faults)


def test_the_test_finds_what_is_wrong(verbs):
    found = list(commands("see `citybrain ded ls` and\n```\ncitybrain dead ls --fed x   # no\nx | citybrain lag --group\n```\n"))
    assert [number for number, _ in found] == [1, 3, 4]
    assert [fault(shlex.split(command)[1:], verbs) for _, command in found] == [
        "no verb ded", "dead has no --fed", "--group lacks its value"]
    assert fault(["dead", "lst"], verbs) == "dead has no lst" and fault(["tap", "dispatch.s1"], verbs) is None


def test_runbooks_name_commands():
    """Or the test above would be quiet about nothing."""
    named = [command for page in PAGES for _, command in commands(page.read_text())]
    assert len(named) > 150 and {"citybrain lag", "citybrain verify"} <= set(named)


# ---- what documents name ----

OTHERS = {"--now", "--max-depth", "--stat", "--config.file", "--storage.tsdb.path", "--web.listen-address"}  # of systemctl, du, git, prometheus
DAEMONS = ("ingest", "router", "aggregator")


def parameters(asked, api):
    """Their names; what stands behind a $ref is one of the components."""
    known = api["components"]["parameters"]
    return {known[one["$ref"].split("/")[-1]]["name"] if "$ref" in one else one["name"] for one in asked.get("parameters", [])}


@pytest.fixture(scope="session")
def named(verbs):
    """By its kind, what there is."""
    api = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
    makefiles = "".join(path.read_text() for path in (ROOT / "Makefile", *ROOT.glob("*/*.mk"), *ROOT.glob("*/*/*.mk")))
    source = "".join(path.read_text() for folder in ("common", "services") for path in (ROOT / folder).rglob("*.[ch]"))  # settings, and what is logged
    helped = [said("--help", program=PROGRAMS / f"citybrain-{name}") for name in DAEMONS] + [said("--stdin", "--help", program=PROGRAMS / "citybrain-ingest")]
    return {"target": set(re.findall(r"^([a-z][a-z0-9-]*)[^\n=]*:(?!=)", makefiles, re.M)) | {word for line in re.findall(r"^\.PHONY: (.*)", makefiles, re.M) for word in line.split()},
            "setting": set(re.findall(r'"([a-z]+\.[a-z_]+)"', source)),
            "metric": set(re.findall(r"`(citybrain_\w+)`", (ROOT / "docs/metrics.md").read_text())),
            "address": {re.sub(r"\{\w+\}", "[^/]+", address): parameters(methods["get"], api) for address, methods in api["paths"].items()},
            "option": {name for verb in verbs.values() for name in verb["options"]} | set(re.findall(r"--[a-z][a-z-]*", "".join(helped))) | {"--help", "--version"} | OTHERS}


def headings(page):
    return {re.sub(r"[^\w\- ]", "", line.strip().lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", page.read_text(), re.M)}


def nowhere(page, line, named):
    """What a line of that page names and is not there."""
    for where, anchor in re.findall(r"\]\((?!http)([^)\s#]*)(?:#([^)\s]+))?\)", line):
        file = page.parent / where if where else page
        if not file.exists() or anchor and anchor not in headings(file):
            yield f"{where}#{anchor}"
    for path in re.findall(r"(?<![\w/.$])((?:common|deploy|docs|services|tests|tools|web|config)/[\w./-]+)(?![\w/*<-])", line):
        path = path.rstrip(".")
        if not (ROOT / path).exists() and not list((ROOT / path).parent.glob(f"{Path(path).name}[-.]*")) and "FEED" not in path and not re.search(r"\bmy(?:/| )|\bmine/", line):
            yield path
    for target in re.findall(r"`make ([a-z][a-z0-9-]*)", line):
        if target not in named["target"]:
            yield f"make {target}"
    for option in re.findall(r"(?<![\w-])--[a-z][a-z.-]*[a-z]", line):
        if option not in named["option"]:
            yield option
    for code in re.findall(r"`([^`]+)`", line):
        for setting in re.findall(rf"(?<![\w./$-])((?:{'|'.join(DAEMONS)}|daemon|kafka)\.[a-z_]+)(?![\w.])", code):
            if setting not in named["setting"] and not setting.endswith((".c", ".h", ".yaml")):
                yield setting
    for address, query in re.findall(r"\$(?:api|CITYBRAIN_API)(/[\w./:-]+)\??([\w=&]*)", line):
        asked = next((names for pattern, names in named["address"].items() if re.fullmatch(pattern, address)), None)
        if asked is None or not {one.split("=")[0] for one in query.split("&") if one} <= asked:
            yield f"{address}?{query}"
    for metric in re.findall(r"citybrain_[a-z_]+(?![\w{*])", line):
        if not {metric, re.sub(r"_(bucket|sum|count)$", "", metric)} & named["metric"]:
            yield metric


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page, named):
    faults = [f"{page.name}:{number}: {one}" for number, line in enumerate(page.read_text().splitlines(), 1) for one in nowhere(page, line, named)]
    assert not faults, "\n".join(faults)


def test_that_test_finds_what_is_wrong(named):
    line = ("[a](page.md#no) [b](rules.md#limits) [c](no.md) `docs/no.md` `docs/decisions/0034` `make no` `make demo` `--role` --slot `ingest.no` "
            "`router.max_age` `door.refused` `citybrain_no_total` `citybrain_ready` $api/api/clock $api/api/no $api/api/cases?limit=1&no=1")
    assert list(nowhere(ROOT / "docs/page.md", line, named)) == ["page.md#no", "no.md#", "docs/no.md", "make no", "--role", "ingest.no", "/api/no?",
                                                               "/api/cases?limit=1&no=1", "citybrain_no_total"]


# Where the keys of a district's files are read, and the page that says what they mean; what is known to be refused stands on none.
KEYS = {"mapping.md": "services/ingest/core/mapping*.c", "moves.md": "common/model/case_kind_stage.c", "rules.md": "services/router/core/rule*.c",
        "triggers.md": "services/router/core/trigger*.c", "views.md": "services/aggregator/core/view*.c"}


@pytest.mark.parametrize("page", KEYS)
def test_each_key_that_a_file_may_have_stands_on_its_page(page):
    text = (ROOT / "docs" / page).read_text()
    keys = set()
    for source in (path.read_text() for path in ROOT.glob(KEYS[page])):
        lists = {word for asked in re.findall(r"yaml_only_keys\(([^;{]*)\)", source) for word in re.findall(r"\w+", asked)}
        for name, listed in re.findall(r"const char \*const (\w+)\[\] =\s*\{([^}]*)\}", source):
            keys |= set(re.findall(r'"(\w+)"', listed)) if name in lists else set()
    missing = [key for key in sorted(keys - {"cadence"}) if not re.search(rf"(?<!\w){key}(?!\w)", text)]
    assert len(keys) > 10 and missing == []


def test_what_decides_an_order_stands_on_the_page_of_rules():
    source = "".join((ROOT / f"services/router/core/{name}.c").read_text() for name in ("decide", "case_decide"))
    rules = set(re.findall(r'\brule = [^;]*?SPAN\("(\w+)"\)', source)) | set(re.findall(r'decide_set_lead\([^;]*?SPAN\("(\w+)"\),\s*&', source))
    rules |= set(re.findall(r'\brule = .*\? SPAN\("(\w+)"\) : SPAN\("(\w+)"\)', source)[0])
    rows = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/rules.md").read_text().partition("```yaml")[0], re.M))
    assert rules == rows and len(rows) > 6


# ---- help, tables, completion ----

# What a verb's help says of another verb or program.
ELSEWHERE = {"check": {"--check"}, "gen": {"--timeline"}, "init": {"--config"}, "key": {"--feed", "--key"}, "tap": {"--reveal"}}

def test_help_tells_every_option_and_no_other(verbs):
    faults = []
    for name, verb in verbs.items():
        told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", said(name, "--help"))) - {"--help"} - ELSEWHERE.get(name, set())
        if told != set(verb["options"]):
            faults.append(f"{name}: help has {sorted(told - set(verb['options']))} that the table has not, "
                          f"and lacks {sorted(set(verb['options']) - told)}")
    assert not faults, "\n".join(faults)


def test_a_verb_and_each_of_its_words_have_help(verbs):
    for name, verb in verbs.items():
        page = said(name, "--help")
        assert page.startswith("usage: ") or name in page
        for word in verb["words"]:
            assert said(name, word, "--help") == said(name, word, "-h") == page, (name, word)
        for option in sorted(verb["options"])[:1]:
            assert said(name, option, "--help") == page


def test_verbs_stand_in_the_order_of_the_alphabet(verbs):
    assert list(verbs) == sorted(verbs)
    shown = re.findall(r"^  (\w+) ", said("help"), re.M)
    assert shown == list(verbs)


def completed(script, *words):
    """What bash would offer for the last word."""
    call = f'{script}\nCOMP_WORDS=({" ".join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; _citybrain; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", call], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


def test_bash_completes_verbs_words_options_and_feeds():
    script = said("completion", "bash")
    assert completed(script, "citybrain", "de") == ["dead", "desk"]
    assert completed(script, "citybrain", "dead", "re") == ["redrive"]
    assert completed(script, "citybrain", "dead", "redrive", "--ex") == ["--execute"]
    assert completed(script, "citybrain", "send", "--feed", "hotline_") == ["hotline_csv"]
    assert completed(script, "citybrain", "check", "--config", "confi") == ["config"]
    assert "README.md" in completed(script, "citybrain", "try", "READ")


def test_zsh_completion_names_every_option(verbs):
    script = said("completion", "zsh")
    assert script.startswith("#compdef citybrain\n")
    for name, verb in verbs.items():
        line = next(line for line in script.splitlines() if line.startswith(f"    {name}) _arguments"))
        assert set(re.findall(r"'(--[a-z-]+)", line)) == set(verb["options"]) | {"--help"}
    if shutil.which("zsh"):
        assert subprocess.run(["zsh", "-n"], input=script, text=True, timeout=30).returncode == 0


def test_man_pages_are_made_of_help(tmp_path, verbs):
    done = subprocess.run(["/usr/bin/python3", ROOT / "tools/docs/man.py", PROGRAMS, tmp_path], cwd=ROOT, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    pages = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert set(pages) == {"citybrain.1", *(f"citybrain-{name}.1" for name in verbs),
                          *(f"citybrain-{name}.8" for name in ("ingest", "router", "aggregator"))}
    if not shutil.which("groff"):
        return
    shown = subprocess.run(["groff", "-man", "-Tutf8", "-k", "-ww", tmp_path / "citybrain-dead.1"], capture_output=True, text=True,
                           timeout=60, env={**os.environ, "GROFF_NO_SGR": "1"})
    plain = re.sub(".\b", "", shown.stdout)
    for line in said("dead", "--help").splitlines():
        assert " ".join(line.removeprefix("usage: ").split()) in " ".join(plain.split()), line
    assert shown.stderr == ""
