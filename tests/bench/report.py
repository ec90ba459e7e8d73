"""The table of a run."""
import statistics


def table(results):
    """Returns a markdown table: a row per case and proxy, each figure with its ratio to the first proxy of the case."""
    lines = [
        "| case | proxy | requests/s | CPU µs per request | p50 µs | p99 µs | p99.9 µs | memory MiB |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for case, turns in results.items():
        baseline = next(iter(turns))
        for name, own in turns.items():
            base = None if name == baseline else turns[baseline]
            cells = [_cell(own, base, figure) for figure in FIGURES]
            lines.append(f"| {case.text if base is None else ''} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


FIGURES = [
    (lambda turn: turn.saturated.rate, 0),
    (lambda turn: turn.cpu, 1),
    (lambda turn: turn.at_rate.p50, 0),
    (lambda turn: turn.at_rate.p99, 0),
    (lambda turn: turn.at_rate.p999, 0),
    (lambda turn: turn.memory, 0),
]


def _cell(own, base, figure):
    of, digits = figure
    values = [of(turn) for turn in own]
    if any(value is None for value in values):
        return "-"
    text = f"{statistics.median(values):,.{digits}f}"
    if base is None or digits == 0 and any(not of(turn) for turn in base):
        return text
    # Turns of a round are next to each other, so what disturbs the machine disturbs both.
    ratios = [of(turn) / of(other) for turn, other in zip(own, base) if of(other)]
    return f"{text} ({statistics.median(ratios):.2f} x)" if ratios else text
