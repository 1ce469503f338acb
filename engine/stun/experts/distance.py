"""How alike two experts are, judged by their router rows alone: no forward pass is needed."""

import torch


def router_distance(rows: torch.Tensor) -> torch.Tensor:
    """Euclidean distance of each two rows over the layer's off-diagonal mean, [E, E].

    In float64 and row by row: equal rows come out exactly equal, which the tie rule needs,
    and no [E, E, hidden] block is made.
    """
    wide = rows.double()
    distance = torch.stack([(row - wide).square().sum(dim=1).sqrt() for row in wide])
    count = len(rows)
    mean = distance.sum() / max(1, count * (count - 1))
    return distance / mean if mean > 0 else distance
