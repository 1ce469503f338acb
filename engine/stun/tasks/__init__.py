"""Multiple-choice tasks that ride on the streamed pass: asked as text, judged by log-likelihood."""

from stun.tasks.judging import check_retained, is_retained, judge_tasks, mean_score, score_tasks
from stun.tasks.planning import Key, plan_tasks

__all__ = [
    "Key",
    "check_retained",
    "is_retained",
    "judge_tasks",
    "mean_score",
    "plan_tasks",
    "score_tasks",
]
