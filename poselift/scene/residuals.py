"""How far a camera is from what people show, and from what cameras usually are.

The unknowns: tilt, roll, height, for each person the logarithm of the size, and the floor.
"""

from __future__ import annotations

import numpy as np

from poselift.scene.evidence import Evidence

#: What cameras are like before anybody is seen: degrees and metres, mean and standard deviation.
USUAL_TILT, _TILT_SD = 10.0, 28.0
#: Where nobody's balance tells anything, a camera is near to level.
_LEVEL, _LEVEL_SD = 4.0, 7.0
_ROLL_SD = 6.0  # with heavy tails: some cameras are held well askew
USUAL_HEIGHT, _HEIGHT_SD = 1.6, 2.0
_SIZE_SD = 0.05  # people's sizes, as a share
_FLOOR_SD = 0.03  # metres; with heavy tails: some people stand on something


def residuals(
    evidence: Evidence | None, people: int, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted residuals (R,), their derivatives (R, X), and the robust cost."""
    tilt, roll, height = x[:3]
    rows, slopes, costs = [], [], 0.0

    def add(residual: np.ndarray, slope: np.ndarray, heavy: float | None) -> None:
        nonlocal costs
        if heavy is None:
            weight = np.ones(len(residual))
            costs += float(np.square(residual).sum())
        else:  # Cauchy's: `heavy` standard deviations are still believed
            weight = 1 / (1 + np.square(residual / heavy))
            costs += float(heavy**2 * np.log1p(np.square(residual / heavy)).sum())
        root = np.sqrt(weight)
        rows.append(residual * root)
        slopes.append(slope * root[:, None])

    def unit(place: int, scale: float) -> np.ndarray:
        slope = np.zeros((1, len(x)))
        slope[0, place] = 1 / scale
        return slope

    told = evidence is not None and len(evidence.up) > 0
    mean, sd = (USUAL_TILT, _TILT_SD) if told else (_LEVEL, _LEVEL_SD)
    add(np.array([np.degrees(tilt) - mean]) / sd, unit(0, np.radians(sd)), None)
    add(np.array([roll / np.radians(_ROLL_SD)]), unit(1, np.radians(_ROLL_SD)), 1.0)
    add(np.array([(height - USUAL_HEIGHT) / _HEIGHT_SD]), unit(2, _HEIGHT_SD), 1.0)
    both = np.zeros((people, len(x)))
    both[np.arange(people), 3 + np.arange(people)] = 1 / _SIZE_SD
    add(x[3 : 3 + people] / _SIZE_SD, both, None)
    both = np.zeros((people, len(x)))
    both[np.arange(people), 3 + people + np.arange(people)] = 1 / _FLOOR_SD
    add(x[3 + people :] / _FLOOR_SD, both, 1.0)
    if evidence is not None:
        _add_lines(evidence, x, add)
        _add_feet(evidence, people, x, add)
    return np.concatenate(rows), np.concatenate(slopes), costs


def _axes(tilt: float, roll: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Up, and its derivatives by tilt and roll."""
    ct, st, cr, sr = np.cos(tilt), np.sin(tilt), np.cos(roll), np.sin(roll)
    up = np.array([ct * sr, -ct * cr, -st])
    by_tilt = np.array([-st * sr, st * cr, -ct])
    by_roll = np.array([ct * cr, ct * sr, 0.0])
    return up, by_tilt, by_roll


def _add_lines(evidence: Evidence, x: np.ndarray, add) -> None:  # type: ignore[no-untyped-def]
    """Bodies in balance: how far up is from their lines, along and across the line of sight."""
    if not len(evidence.up):
        return
    up, by_tilt, by_roll = _axes(x[0], x[1])
    line, ray = evidence.up, evidence.up_ray
    across = np.cross(ray, line)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    along = np.cross(line, across)  # perpendicular to the line, in the plane of the ray
    for axis, sd in ((along, evidence.up_sd[:, 0]), (across, evidence.up_sd[:, 1])):
        slope = np.zeros((len(line), len(x)))
        slope[:, 0], slope[:, 1] = axis @ by_tilt / sd, axis @ by_roll / sd
        residual = axis @ up / sd
        # Lines that point the other way are as far off as can be, not at their ends' zero.
        residual = np.where(line @ up > 0, residual, np.sign(residual) * (2 - abs(residual)) / sd)
        add(residual, slope, 1.5)


def _add_feet(evidence: Evidence, people: int, x: np.ndarray, add) -> None:  # type: ignore[no-untyped-def]
    """Resting feet: how far above or below their person's floor they are."""
    if not len(evidence.foot):
        return
    up, by_tilt, by_roll = _axes(x[0], x[1])
    owner = evidence.foot_person
    size = np.exp(x[3 : 3 + people])[owner]
    foot = evidence.foot * size[:, None]
    above = foot @ up + x[2] - x[3 + people + owner]
    count = np.bincount(owner, minlength=people)[owner]
    # A depth that is off moves the foot along its line of sight; a person's are off together.
    sd = np.hypot(0.025, 0.025 * np.maximum(abs(x[2]), 0.3)) * evidence.foot_sd
    sd = sd * np.sqrt(np.maximum(0.25 * count, 1))
    slope = np.zeros((len(foot), len(x)))
    slope[:, 0], slope[:, 1], slope[:, 2] = foot @ by_tilt / sd, foot @ by_roll / sd, 1 / sd
    rows = np.arange(len(foot))
    slope[rows, 3 + owner] = foot @ up / sd
    slope[rows, 3 + people + owner] = -1 / sd
    add(above / sd, slope, 2.0)
