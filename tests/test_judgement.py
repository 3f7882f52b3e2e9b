"""From evidence to a score: what is weighed is gathered, and what speaks for a part raises it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.detection.measures import average_precision, roc_auc
from training.judge import fitted, held_out, main, weights_of, without_own_source
from video_pipeline.vision.judgement import Judgement, judgements
from video_pipeline.vision.learned import parts_and_evidence

PICTURE = np.asarray(
    cv2.GaussianBlur(
        np.random.default_rng(2).integers(0, 255, (320, 180, 3), dtype=np.uint8), (0, 0), 3
    ),
    dtype=np.uint8,
)


def test_all_that_is_weighed_is_gathered() -> None:
    _, evidence = parts_and_evidence(PICTURE)
    assert set(judgements()) == {"hardware", "stitching"}
    for judgement in judgements().values():
        assert set(judgement.weights) <= set(evidence)
        assert 0 <= judgement.score(evidence) <= 1
    assert all(np.isfinite(value) for value in evidence.values())


def test_metal_speaks_for_hardware_and_rhythm_for_stitching() -> None:
    assert judgements()["hardware"].weights["metal"] > 0
    assert judgements()["hardware"].weights["looks_like_fittings"] > 0
    assert judgements()["stitching"].weights["rhythm"] > 0


@given(
    st.floats(-50, 50),
    st.dictionaries(st.sampled_from("abc"), st.floats(-50, 50), min_size=1),
    st.floats(-10, 10),
)
def test_scores_follow_the_sum(intercept: float, weights: dict[str, float], value: float) -> None:
    judgement = Judgement(intercept, weights)
    evidence = dict.fromkeys("abc", value)
    score = judgement.score(evidence)
    assert 0 <= score <= 1
    name = next(iter(weights))
    more = judgement.score({**evidence, name: value + 1})
    assert (more - score) * weights[name] >= 0


def drawn_labels() -> tuple[np.ndarray, ...]:
    """Evidence of four sources: the first column tells, the second is noise, the sources differ."""
    dice = np.random.default_rng(5)
    shows = dice.random(400) < 0.3
    sources = np.array([f"s{i % 4}" for i in range(400)])
    x = np.c_[shows * 2.0 + dice.normal(0, 0.7, 400), dice.normal(0, 1, 400)]
    groups = np.array(["photos", "video"])[(np.arange(400) // 200)]
    return x, shows, groups, sources, np.zeros(400, bool)


def test_what_tells_is_weighed_and_noise_is_not() -> None:
    x, shows, groups, _, arguable = drawn_labels()
    weights = fitted(x, shows, weights_of(groups, shows, arguable))
    assert weights[0] > 5 * abs(weights[1])


def test_pictures_are_judged_without_their_own_source() -> None:
    x, shows, groups, sources, arguable = drawn_labels()
    assert average_precision(shows, without_own_source(x, shows, groups, sources, arguable)) > 0.9
    # A source whose labels are upside down is judged as the others teach, so wrongly.
    wrong = np.where(sources == "s0", ~shows, shows)
    told = without_own_source(x, wrong, groups, sources, arguable)
    here = sources == "s0"
    assert average_precision(wrong[here], told[here]) < 0.7


def test_no_picture_is_judged_by_what_its_own_source_taught() -> None:
    # Within each source the feature tells all, but with its sign turned in the last one.
    dice = np.random.default_rng(4)
    shows = dice.random(120) < 0.5
    sources = np.array([("a", "b", "c")[i % 3] for i in range(120)])
    turned = np.where(sources == "c", -1, 1)
    x = ((2 * shows - 1) * turned + dice.normal(0, 0.1, 120))[:, None]
    told = without_own_source(x, shows, np.full(120, "photos"), sources, np.zeros(120, bool))
    last = sources == "c"
    assert roc_auc(shows[last], told[last]) < 0.05


def test_no_label_of_a_source_moves_its_held_out_scores() -> None:
    # Neither through the weights nor through the calibration.
    x, shows, groups, sources, arguable = drawn_labels()
    for source in ("s0", "s3"):
        here = sources == source
        told = held_out(x, shows, groups, sources, arguable)
        turned = held_out(x, np.where(here, ~shows, shows), groups, sources, arguable)
        assert np.array_equal(told[here], turned[here])
        assert not np.array_equal(told[~here], turned[~here])


def test_held_out_scores_mean_more_than_those_without_calibration() -> None:
    x, shows, groups, sources, arguable = drawn_labels()
    weight = weights_of(groups, shows, arguable)

    def surprise(told: np.ndarray) -> float:
        return float(-weight @ np.log(np.where(shows, told, 1 - told)))

    raw = without_own_source(x, shows, groups, sources, arguable)
    assert surprise(held_out(x, shows, groups, sources, arguable)) < 0.9 * surprise(raw)


def test_too_few_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="three sources are needed"):
        main([str(tmp_path)])


def test_looking_leaves_nothing_behind_and_calls_nobody(tmp_path: Path) -> None:
    """Runtimes with telemetry write a session file beside other temporary files."""
    look = (
        "import numpy as np; from video_pipeline.vision.learned import Learned;"
        "Learned().detect(np.full((320, 180, 3), 90, np.uint8))"
    )
    subprocess.run([sys.executable, "-c", look], check=True, timeout=60,
                   env={**os.environ, "TMPDIR": str(tmp_path)})  # fmt: skip
    assert list(tmp_path.iterdir()) == []
