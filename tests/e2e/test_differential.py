"""tocsin and a real Prometheus with the same samples say the same, or the difference is known (differential/known.py).

Debian's Prometheus 2.42 will do, but a 3 (differential/servers.py says where it is looked for) is asked more.
TOCSIN_DIFFERENTIAL_SEED gives other generated expressions; bench/differential asks many more."""

import json
import sys
import unittest

from differential.compare import Answer, difference
from differential.servers import find_prometheus
from differential.session import Session, seed


class DifferentialTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not find_prometheus()[0]:
            raise unittest.SkipTest("no Prometheus: install Debian's package, or name one in PROMETHEUS_PROGRAM")
        session = Session()
        cls.session = session.__enter__()
        cls.addClassCleanup(session.__exit__)
        print(f"\n{cls.session.title()}", file=sys.stderr)

    def ask(self, *questions):
        """Puts them, and fails with what differs."""
        account = self.session.begin_account()
        for question in questions:
            question()
        print(account.summary(), end=" ... ", file=sys.stderr, flush=True)
        if account.different:
            self.fail("\n" + "\n".join(account.lines(most=12)))

    def test_hand_picked_expressions(self):
        self.ask(self.session.hand_picked)

    def test_generated_expressions(self):
        self.ask(lambda: self.session.generated(150, seed()))

    def test_refused_expressions(self):
        self.ask(self.session.refused, lambda: self.session.damaged(300, seed()))

    def test_parameters(self):
        self.ask(self.session.parameters)

    def test_layout_of_expressions(self):
        self.ask(self.session.layout)

    def test_listings_and_federation(self):
        self.ask(self.session.federation, self.session.listings)

    def test_what_is_scraped(self):
        self.ask(self.session.scraped)


def _vector(*elements, **more):
    result = [{"metric": metric, "value": [1, value]} for metric, value in elements]
    return Answer(200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}, **more}))


class CompareTest(unittest.TestCase):
    """The comparison itself sees what it is there to see."""

    def test_differences(self):
        one, two = ({"a": "1"}, "1"), ({"a": "2"}, "2")
        error = Answer(400, '{"status":"error","errorType":"bad_data","error":"no"}')
        for ours, theirs, order, expected in (
                (_vector(one, two), _vector(two, one), None, None),
                (_vector(one, two), _vector(two, one), "values", "another order: place 0 has 1.0, not 2.0"),
                (_vector(one), _vector(one, two), None,
                 "1 series, not 2; missing [{'a': '2'}], not expected []"),
                (_vector(({}, "1.0000000001")), _vector(({}, "1")), None, None),
                (_vector(({}, "1.00000001")), _vector(({}, "1")), None, "{} at 1: 1.00000001, not 1"),
                (_vector(({}, "1e-7")), _vector(({}, "1e-07")), None, "{} at 1: 1e-7, not 1e-07"),
                (_vector(({}, "NaN")), _vector(({}, "NaN")), None, None),
                (_vector(({}, "NaN")), _vector(({}, "0")), None, "{} at 1: NaN, not 0"),
                (_vector(({}, "+Inf")), _vector(({}, "-Inf")), None, "{} at 1: +Inf, not -Inf"),
                (_vector(one, infos=["x"]), _vector(one), None, "infos ['x'], not []"),
                (_vector(one, warnings=["x"]), _vector(one, warnings=["y"]), None, "warnings ['x'], not ['y']"),
                (error, _vector(one), None, "status 400, not 200"),
                (error, Answer(400, error.text.replace("no", "yes")), None, "error 'no', not 'yes'")):
            with self.subTest(ours=ours.text, theirs=theirs.text):
                self.assertEqual(difference(ours, theirs, order), expected)


if __name__ == "__main__":
    unittest.main()
