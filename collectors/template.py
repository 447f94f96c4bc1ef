"""What `collectors new` writes: a source that works at once on a made-up answer, and whose blanks explain themselves
(the test and the payload beside it as well).
"""

from pathlib import Path

from data.schema import Failure

SOURCE = '''"""{name}: what it measures, and what surprised you about it.

Say here what a reader of the numbers must know: which date a row carries (release, run, submission, publication),
what is restated, what is missing, what looks like progress and is not.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.labs import lab_of
from collectors.parse import day, number
from collectors.source import Http, Row, Source
from data.schema import Indicator

URL = "https://example.org/{name}.csv"  # https; the whole answer, not a page of it

INDICATOR = Indicator(
    key="{name}",  # lower case; never changed again, since rows are stored under it
    title="{title}",  # at most 26 characters: it stands on a card
    unit="points",  # as the values are stored; "fraction" means 0 to 1, and percent is "percent"
    stage="capability",  # of the loop: data/schema.py lists the eight
    transform="linear",  # the scale on which steady growth is straight: log2, linear, or logit with floor= and ceiling=
    better="up",  # or "down"; "context" where more is neither
    definition="What is measured, in one sentence that needs no other.",
    caveat="What the number does not say.",
    full_list=False,  # True if an answer names every value there is: one that is missing later is then withdrawn
    max_factor=10.0,  # a value so many times its neighbour is held until the next answer confirms it
    date_kind="release",  # what the date is the date of
)

SOURCE = Source(
    title="The publisher's own title",
    homepage="https://example.org/",
    licence="as the publisher states it, or \\"not stated\\"",
    credit="how the publisher wants to be cited",
    share="none",  # "full" or "credit" only if the terms let the values be passed on
    every=timedelta(days=1),  # no oftener than the publisher changes it, and never under half an hour
    at_least=2,  # fewer rows than this are no believable answer
    indicators=(INDICATOR,),
)


def collect(http: Http) -> Iterator[Row]:
    # columns by name: one that is missing fails the run, further ones and their order do not matter
    for row in http.csv(URL, ("model", "organisation", "date", "score")):
        at = f"{{URL}}: {{row['model']}}"  # names the row in the message of a failure
        yield INDICATOR.observed(
            date=day(row["date"], at),
            value=number(row["score"], at),
            subject=row["model"],
            lab=lab_of(row["organisation"], name=row["model"]),  # None is "unmapped", never a guess
            url=URL,
            organisation=row["organisation"],  # anything further is kept as detail
        )
'''

TEST = '''"""What was learnt about {name}."""

from collections.abc import Callable
from datetime import date

from collectors.source import Row
from data.schema import Observation


def test_a_row_says_what_the_publisher_says(replay: Callable[..., list[Row]]) -> None:
    """Rename it to what you learnt: test_a_model_is_dated_by_its_release."""
    row = replay("{name}")[0]
    assert isinstance(row, Observation)
    assert (row.subject, row.lab, row.date, row.value) == ("GPT-5", "openai", date(2025, 8, 7), 12.5)
'''

ANSWER = "model,organisation,date,score\nGPT-5,OpenAI,2025-08-07,12.5\nSmall Firm 7B,Small Firm,2025-09-01,9.75\n"
INDEX = """{{
 "https://example.org/{name}.csv": {{
  "file": "made-up.csv",
  "headers": {{}},
  "status": 200
 }}
}}
"""


def write(home: Path, name: str) -> list[Path]:
    """The source, its test and its made-up answer below `home`; nothing that exists is touched."""
    title = name.replace("_", " ").capitalize()[:26]
    payloads = home / "tests" / "payloads" / name
    texts = {
        home / "collectors" / "sources" / f"{name}.py": SOURCE.format(name=name, title=title),
        home / "tests" / "sources" / f"test_{name}.py": TEST.format(name=name),
        payloads / "index.json": INDEX.format(name=name),
        payloads / "made-up.csv": ANSWER,
    }
    for path in texts:
        if path.exists():
            raise Failure("refused", f"{path} exists already")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)
