"""Complete linkage, cut at a number of clusters."""

import torch


def complete_linkage(distance: torch.Tensor, clusters: int) -> list[list[int]]:
    """Merges the two closest clusters until so many are left.

    A cluster's row is that of its lowest member, so the first minimum in row-major order is
    the pair with the lowest indices: that is the tie rule.
    """
    count = len(distance)
    far = torch.full((count, count), float("inf"), dtype=distance.dtype)
    upper = torch.ones(count, count, dtype=torch.bool).triu(1)
    linkage = torch.where(upper, distance.cpu(), far)
    members = {index: [index] for index in range(count)}
    while len(members) > clusters:
        low, high = divmod(int(linkage.argmin()), count)
        members[low] += members.pop(high)
        merge(linkage, low, high)
    return [sorted(cluster) for _, cluster in sorted(members.items())]


def merge(linkage: torch.Tensor, low: int, high: int) -> None:
    """Folds cluster `high` into `low`: the distance to others is that of the farther one."""
    full = torch.minimum(linkage, linkage.T)  # the lower triangle is infinite
    farther = torch.maximum(full[low], full[high])
    linkage[low, low + 1 :] = farther[low + 1 :]
    linkage[:low, low] = farther[:low]
    linkage[high, :] = float("inf")
    linkage[:, high] = float("inf")
    linkage[low, low] = float("inf")
