"""False-discovery control against statsmodels, and the family rule by hand."""

import warnings

import numpy as np
import pytest

from signals.multiplicity import Adjusted, adjust, benjamini_hochberg, benjamini_yekutieli, harmonic

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # statsmodels may lag behind pandas; its import is not our subject
    multitest = pytest.importorskip("statsmodels.stats.multitest")


@pytest.mark.parametrize("n", [1, 2, 7, 50, 200])
@pytest.mark.parametrize(("ours", "theirs"), [(benjamini_hochberg, "fdr_bh"), (benjamini_yekutieli, "fdr_by")])
def test_adjusted_p_agrees_with_statsmodels(n, ours, theirs):
    p = np.random.default_rng(n).beta(0.4, 2, n)
    p[n // 2] = p[0]  # a tie
    np.testing.assert_allclose(ours(p), multitest.multipletests(p, method=theirs)[1], rtol=0, atol=1e-12)


def test_no_indicators_no_adjustment():
    assert len(benjamini_hochberg([])) == 0
    assert adjust({}, {}) == {}


@pytest.mark.parametrize("p", [[-0.1], [1.1], [float("nan")]])
def test_what_is_not_a_probability_is_refused(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg(p)


def test_indicators_alone_in_their_family_get_plain_bh():
    p = {f"i{k}": v for k, v in enumerate(np.random.default_rng(1).random(30))}
    adjusted = adjust(p, {})
    bh = multitest.multipletests(list(p.values()), method="fdr_bh")[1]
    by = multitest.multipletests(list(p.values()), method="fdr_by")[1]
    np.testing.assert_allclose([adjusted[name].q for name in p], bh, atol=1e-12)
    np.testing.assert_allclose([adjusted[name].q_by for name in p], by, atol=1e-12)


def test_the_family_rule_composed_from_statsmodels():
    rng = np.random.default_rng(2)
    p = {f"i{k:02}": float(v) for k, v in enumerate(rng.beta(0.5, 4, 24))}
    family = {name: f"f{k % 7}" for k, name in enumerate(p)}
    within, entries = {}, []
    for key in sorted(set(family.values())):
        names = [name for name in p if family[name] == key]
        values = multitest.multipletests([p[name] for name in names], method="fdr_by")[1]
        within.update(zip(names, values, strict=True))
        entries.append(min(values))
    adjusted = adjust(p, family)
    for level in (0.01, 0.05, 0.1, 0.3):
        for method, q in (("fdr_bh", "q"), ("fdr_by", "q_by")):
            accepted = multitest.multipletests(entries, level, method)[0]
            limit = max((e for e, ok in zip(entries, accepted, strict=True) if ok), default=-1)
            for name in p:
                assert (getattr(adjusted[name], q) <= level) == (within[name] <= limit), (name, level)
    np.testing.assert_allclose([adjusted[name].within_family for name in p], [within[name] for name in p], atol=1e-12)


def test_two_members_by_hand():
    adjusted = adjust({"p50": 0.01, "p80": 0.04, "other": 0.02}, {"p50": "metr", "p80": "metr"})
    assert harmonic(2) == 1.5
    # Within metr: .01 x 2 x 1.5 / 1 = .03 and .04 x 2 x 1.5 / 2 = .06; entries .02 and .03, q .03 both.
    assert adjusted["p50"] == Adjusted(pytest.approx(0.03), pytest.approx(0.03), pytest.approx(0.045))
    assert adjusted["other"].q == pytest.approx(0.03)
    # .06 is above every entry: no level of BH accepts an entry as large.
    assert adjusted["p80"] == Adjusted(pytest.approx(0.06), 1.0, 1.0)


def test_the_order_of_the_indicators_does_not_matter():
    p = {"a": 0.03, "b": 0.001, "c": 0.2, "d": 0.03}
    family = {"a": "x", "d": "x"}
    assert adjust(p, family) == adjust(dict(reversed(p.items())), family)
