"""Benchmarks run by others, as Epoch AI copies them into its bundle: the tables ending in `_external`.

Epoch states that such data keeps the licence of whoever published it, so it is shown here as derived values and
never passed on; Epoch's own runs are read from the same bundle by `epoch_benchmarks`. The boards are
reviewed one by one: a table that is not listed is not read. Left out for their terms are SciCode (Artificial
Analysis), ProofBench (vals.ai), HLE and EnigmaEval (Scale SEAL). METR's horizons have a source of their own.

"%" in the name of a column does not mean percent; most of these are fractions. A model version stands there once
for every agent, effort or import: the best row stands for it and says which it was.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from collectors.epoch_bundle import Board, members_of, scores
from collectors.source import Http, Row, Source
from data.schema import Indicator, Stage


def _board(
    member: str,
    column: str,
    key: str,
    title: str,
    stage: Stage,
    definition: str,
    *,
    scale: float = 1.0,
    floor: float = 0.0,
    charted: str = "",
    tier: str = "independent",
    caveat: str = "",
    kept: Mapping[str, str] | None = None,
    closed_on: date | None = None,
) -> Board:
    indicator = Indicator(
        key=key,
        title=title,
        unit="fraction",
        stage=stage,
        transform="logit",
        definition=definition,
        floor=floor,
        ceiling=1.0,
        full_list=True,
        caveat=caveat,
        closed_on=closed_on,
    )
    return Board(
        indicator=indicator, member=member, column=column, scale=scale, charted=charted, tier=tier, kept=kept or {}
    )


VENDING = Indicator(
    key="vending_bench",
    title="Vending-Bench 2",
    unit="USD",
    stage="autonomy",
    transform="linear",
    definition="Money that a model has left after running a simulated vending-machine business for a year.",
    full_list=True,
    caveat="Can be negative.",
)

BOARDS = (
    _board(
        "posttrainbench_external.csv",
        "Average (%)",
        "posttrain",
        "PostTrainBench",
        "ai_rd_automation",
        "Average test score of small language models after an AI agent has trained them further on its own.",
        kept={"agent": "Scaffold", "standard_deviation": "Average SD (%)"},
    ),
    _board(
        "weirdml_external.csv",
        "Accuracy",
        "weirdml",
        "WeirdML",
        "ai_rd_automation",
        "Accuracy on unusual machine-learning tasks for which a model writes and improves the code.",
        caveat="Version 3 of September 2026 is another series.",
        kept={"standard_error": "Accuracy SE"},
    ),
    _board(
        "frontierswe_external.csv",
        "Score",
        "frontier_swe",
        "FrontierSWE",
        "coding_agents",
        "Score of coding agents on large, hard software tasks.",
    ),
    _board(
        "frontiercode_external.csv",
        "Main score",
        "frontier_code",
        "FrontierCode",
        "coding_agents",
        "Score of coding agents on the main set of this board's programming tasks.",
    ),
    _board(
        "deepswe_external.csv",
        "Pass@1",
        "deepswe",
        "DeepSWE",
        "coding_agents",
        "Share of software tasks that a coding agent resolves at the first attempt.",
        kept={"agent": "Harness", "effort": "Reasoning effort"},
    ),
    _board(
        "gso_external.csv",
        "OPT@1 (hack-adjusted)",
        "gso_hack_adjusted",
        "GSO, hack-adjusted",
        "coding_agents",
        "Share of programs that a model makes as fast as experts did, at the first attempt and without tricks.",
        charted="Score OPT@1",  # Epoch's choice; it counts gains that were got by tricks
        caveat="Checked for tricks on some of the models only.",
        kept={"agent": "Scaffold", "unadjusted": "Score OPT@1", "evaluated": "Evaluation date"},
    ),
    _board(
        "terminalbench_external.csv",
        "Accuracy mean",
        "terminal_bench",
        "Terminal-Bench 2.0",
        "autonomy",
        "Share of tasks in a computer terminal that a model finishes with the best agent entered for it.",
        tier="submitted",
        caveat="Closed in May 2026. One model can reach 0.26 or 0.84, depending on the agent.",
        closed_on=date(2026, 5, 14),
        kept={
            "agent": "Agent",
            "agent_organisation": "Agent Org",
            "standard_error": "Accuracy SE",
            "evaluated": "Run date",
        },
    ),
    _board(
        "rli_external.csv",
        "Score",
        "rli",
        "Remote Labor Index",
        "autonomy",
        "Share of paid freelance projects that an AI agent completes well enough for a client.",
    ),
    _board(
        "gdpval_external.csv",
        "Win Rate (%)",
        "gdpval_win",
        "GDPval, wins",
        "autonomy",
        "Share of office tasks in which graders prefer a model's work to that of a professional.",
        tier="self_reported",
        caveat="Run by OpenAI. Ties are not counted as wins.",
        kept={"win_or_tie": "Win + tie rate (%)"},
    ),
    _board(
        "apex_agents_external.csv",
        "Pass@1 score",
        "apex_agents",
        "APEX-Agents",
        "autonomy",
        "Share of long office tasks that an agent finishes at the first attempt.",
    ),
    _board(
        "os_world_external.csv",
        "Score",
        "osworld",
        "OSWorld",
        "autonomy",
        "Share of tasks on a computer desktop that an agent finishes.",
        scale=0.01,
        tier="submitted",
        caveat="Most entries name no model and are held back.",
        kept={"agent": "Agent", "added": "Date added"},
    ),
    _board(
        "osworld_2_external.csv",
        "Binary accuracy",
        "osworld2",
        "OSWorld 2.0",
        "autonomy",
        "Share of tasks on a computer desktop, in the edition of 2026, that an agent finishes.",
        caveat="Another benchmark than OSWorld.",
        kept={"agent": "Tool setting", "steps": "Step budget"},
    ),
    Board(indicator=VENDING, member="vending_bench_2_external.csv", column="Score"),
    _board(
        "arc_agi_2_external.csv",
        "Score",
        "arc_agi_2",
        "ARC-AGI-2",
        "capability",
        "Share of visual puzzles, each with a rule of its own, that a model solves.",
        caveat="Credit: ARC Prize and Epoch AI.",
        kept={"published_as": "Name"},
    ),
    _board(
        "arc_agi_external.csv",
        "Score",
        "arc_agi_1",
        "ARC-AGI-1",
        "capability",
        "Share of visual puzzles of the first edition, each with a rule of its own, that a model solves.",
        caveat="Near its ceiling. Credit: ARC Prize and Epoch AI.",
        kept={"published_as": "Name"},
    ),
    _board(
        "simplebench_external.csv",
        "Score (AVG@5)",
        "simplebench",
        "SimpleBench",
        "capability",
        "Share of trick questions with six choices, easy for people, that a model answers correctly.",
        floor=1 / 6,
    ),
    _board(
        "vpct_external.csv",
        "Correct",
        "vpct",
        "VPCT, falling balls",
        "capability",
        "Share of drawings in which a model tells into which of three buckets a ball will fall.",
        floor=1 / 3,
    ),
    _board(
        "balrog_external.csv",
        "Average progress",
        "balrog",
        "BALROG games",
        "capability",
        "Average progress of a model in six text and video games.",
        tier="submitted",
        kept={"standard_error": "Average Standard error"},
    ),
    _board(
        "lech_mazur_writing_external.csv",
        "Mean score",
        "creative_writing",
        "Creative writing",
        "capability",
        "Mean grade of short stories written to a list of required parts, as a share of the best grade.",
        scale=0.1,
        caveat="The grades are given by models.",
    ),
    _board(
        "fictionlivebench_external.csv",
        "16k token score",
        "fiction_livebench",
        "Fiction.LiveBench, 16k",
        "capability",
        "Share of questions about a story of 16,000 tokens that a model answers correctly.",
        caveat="36 questions: a step is almost three hundredths.",
    ),
    _board(
        "cad_eval_external.csv",
        "Overall pass (%)",
        "cad_eval",
        "CadEval",
        "coding_agents",
        "Share of 50 mechanical parts that a model programs to the right shape.",
    ),
    _board(
        "cybench_external.csv",
        "Unguided % Solved",
        "cybench",
        "Cybench",
        "autonomy",
        "Share of 40 hacking exercises of the capture-the-flag kind that an agent solves without help.",
        tier="submitted",
        caveat="Near its ceiling. Some of the results are the labs' own.",
    ),
    _board(
        "the_agent_company_external.csv",
        "% Resolved",
        "agent_company",
        "The Agent Company",
        "autonomy",
        "Share of office tasks in a simulated software company that an agent finishes.",
        tier="submitted",
        kept={"agent": "Name", "evaluated": "Date"},
    ),
    _board(
        "deepresearchbench_external.csv",
        "Average score",
        "deepresearch_bench",
        "Deep Research Bench",
        "autonomy",
        "Average score of agents on research questions to be answered from a frozen copy of the web.",
        kept={"agent": "Agent"},
    ),
)

SOURCE = Source(
    title="External benchmarks, copied by Epoch AI",
    homepage="https://epoch.ai/benchmarks",
    licence="that of each board; not for redistribution",
    credit='The authors of each board (ARC-AGI: ARC Prize), via Epoch AI, "AI Benchmarking Hub", epoch.ai',
    share="none",
    every=timedelta(days=1),
    at_least=20,
    indicators=tuple(board.indicator for board in BOARDS),
)


def collect(http: Http) -> Iterator[Row]:
    yield from scores(members_of(http, BOARDS), BOARDS)
