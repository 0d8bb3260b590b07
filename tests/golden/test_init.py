# SPDX-License-Identifier: Apache-2.0
"""`citybrain init`: what it makes is whole, in the district's own codes, and nothing of anybody else's is touched."""
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = (ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")).resolve()


def citybrain(*words, cwd=ROOT):
    return subprocess.run([PROGRAMS / "citybrain", *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=120)


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_a_new_district_passes_check_and_test(tmp_path):
    made = tmp_path / "mine"
    done = citybrain("init", made, "--district", "440305", "--name", "南山区")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted(str(made / name) for name in files_of(made))
    checked = citybrain("check", "--config", made, "--on", "2026-06-01")
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout + checked.stderr
    tested = citybrain("test", "--config", made)
    assert tested.returncode == 0 and "not ok" not in tested.stdout and tested.stdout.count("\nok ") + tested.stdout.startswith("ok ") >= 3
    whole = b"".join(files_of(made).values()).decode()
    assert "南山区" in whole and "440305001" in whole and "990001" not in whole and "示范区" not in whole
    assert f"config_dir: {made} " in (made / "router.yaml").read_text()


def test_its_hotline_knows_a_street_by_code_name_and_alias(tmp_path):
    made, sent = tmp_path / "mine", tmp_path / "orders.ndjson"
    assert citybrain("init", made, "--district", "440305", "--name", "南山区").returncode == 0
    spelt = ["440305001", "东湖街道", "东湖", "东胡"]
    sent.write_text("".join(json.dumps({"工单编号": f"HL{n}", "诉求性质": "投诉", "反映街乡": street, "受理时间": "2026-03-02 09:15:00"},
                                       ensure_ascii=False) + "\n" for n, street in enumerate(spelt)), encoding="utf-8")
    done = citybrain("try", sent, "--feed", "hotline", "--config", made, "--events")
    assert done.returncode == 0, done.stdout + done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    streets = [event["data"]["street_code"] for event in told if event.get("type") == "cn.citybrain.case.opened.v1"]
    assert streets == ["440305001"] * 3 + ["东胡"], done.stdout


def test_it_has_what_this_release_has(tmp_path):
    made = tmp_path / "mine"
    assert citybrain("init", made).returncode == 0
    done = citybrain("check", "--config", made, "--upgrade", "--on", "2026-06-01")
    assert done.returncode == 0, done.stdout
    assert "new\t" in done.stdout and "/kinds/works.yaml\t" in done.stdout and ": error: " not in done.stdout
    codes, topics = made / "codes.csv", made / "topics.yaml"
    codes.write_text("".join(line for line in codes.read_text().splitlines(True) if ",child_removed" not in line and ",noted" not in line))
    topics.write_text(topics.read_text().replace("- name: signals", "- name: signalz"))
    done = citybrain("check", "--config", made, "--upgrade")
    assert done.returncode == 78
    assert f"{codes}: error: the release has the stage noted; fix: append stage,59,noted" in done.stdout
    assert f"{codes}: error: the release has the stage child_removed; fix: append stage,60,child_removed" in done.stdout
    assert "the release has the topic signals; fix: copy its entry of" in done.stdout


def test_nothing_that_is_there_is_touched(tmp_path):
    (tmp_path / "file").write_text("mine")
    done = citybrain("init", tmp_path)
    assert done.returncode == 64 and "is not empty; nothing was changed" in done.stderr
    assert files_of(tmp_path) == {"file": b"mine"}


def test_wrong_words_are_refused(tmp_path):
    for words, says in ((["--district", "44030"], "is no code of six digits"), (["--name", "a,b"], "cannot be written"),
                        (["--nam", "x", "y"], "one DIR is needed")):
        done = citybrain("init", tmp_path / "x", *words)
        assert done.returncode == 64 and says in done.stderr and not (tmp_path / "x").exists()


def test_files_as_json_from_anywhere(tmp_path):
    """Beside the program, not below the working folder."""
    done = citybrain("init", "here", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["folder"] == "here" and sorted(told["files"]) == sorted(files_of(tmp_path / "here"))


def test_it_has_the_views_that_the_page_asks_for(tmp_path):
    made = tmp_path / "mine"
    assert citybrain("init", made).returncode == 0
    page = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "web").glob("*.js"))
    asked = {path.name for path in (ROOT / "config/views").glob("*.yaml") if f'"{path.stem}"' in page}
    assert len(asked) >= 11 and asked <= {path.name for path in (made / "views").iterdir()}
