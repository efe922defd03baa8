"""`/metrics` for Prometheus: the store's numbers, what the inbox holds, and the process's own."""

from collections.abc import Callable, Iterable, Mapping

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from bot.core.runs import RunState
from bot.ports import Statistics, Store
from webhooks.inbox import Inbox


class Numbers:
    """Nothing is kept here: each scrape asks the store, so that restarts and several servers do not matter."""

    def __init__(self, store: Store, inbox: Inbox, uncounted: Callable[[], int]) -> None:
        self._store = store
        self._inbox = inbox
        self._uncounted = uncounted

    def router(self) -> APIRouter:
        """The one route."""
        router = APIRouter()
        router.add_api_route("/metrics", self.metrics)
        return router

    async def metrics(self) -> Response:
        """The text format of Prometheus."""
        statistics = await self._store.statistics()
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Families([*_families(statistics), *_queue(self._inbox), self._counts()]))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def _counts(self) -> Metric:
        text = "Prompts that the model's provider did not count, in this process."
        return CounterMetricFamily("devflow_prompts_uncounted", text, self._uncounted())


class _Families:
    """Ready numbers in the form that a registry collects."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(numbers: Statistics) -> list[Metric]:
    usage = numbers.usage
    tokens = {
        "input": usage.input,
        "output": usage.output,
        "cache_write": usage.cache_write,
        "cache_read": usage.cache_read,
    }
    return [
        _labelled(GaugeMetricFamily("devflow_runs", "Runs by state.", labels=["state"]), numbers.runs),
        CounterMetricFamily("devflow_deliveries", "Deliveries taken.", numbers.deliveries_received),
        CounterMetricFamily("devflow_deliveries_processed", "Deliveries worked on.", numbers.deliveries_processed),
        _labelled(
            CounterMetricFamily("devflow_deliveries_rejected", "Deliveries turned away.", labels=["reason"]),
            numbers.rejections,
        ),
        CounterMetricFamily("devflow_usd", "US dollars spent on the model.", numbers.usd),
        GaugeMetricFamily("devflow_prompt_cache_ratio", "Share of prompts read from the cache.", usage.cached),
        _labelled(CounterMetricFamily("devflow_tokens", "Tokens of the model.", labels=["kind"]), tokens),
    ]


def _queue(inbox: Inbox) -> list[Metric]:
    return [GaugeMetricFamily("devflow_inbox_waiting", "Deliveries that wait for their commit.", inbox.waiting)]


def _labelled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[RunState, int] | Mapping[str, int]
) -> Metric:
    for label, value in values.items():
        family.add_metric([label], value)
    return family
