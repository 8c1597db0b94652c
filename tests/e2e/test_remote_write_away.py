"""Remote write to a real Prometheus that is away for a while: nothing is lost, and nothing is refused."""

import unittest

from remote_write import RemoteWriteStage
from support import free_port, wait_for, wait_written


class RemoteWriteAwayTest(RemoteWriteStage):
    def test_a_receiver_that_is_away(self):
        port = free_port()
        process, peer = self.start_receiver(port)
        url = self.begin(f"""
  - url: http://127.0.0.1:{port}/api/v1/write
    queue_config: {{batch_send_deadline: 200ms, max_samples_per_send: 200, max_backoff: 300ms}}
""")
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent")
        process.stop()
        wait_for(lambda: self.metric(url, "samples_retried_total"), what="another try")
        wait_for(lambda: self.metric(url, "samples_pending") > 300, what="a backlog")
        self.start_receiver(port)
        self.assert_same(url, peer)
        self.assertEqual(self.metric(url, "samples_dropped_total", reason="queue_full"), 0)
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)
        self.assertIn("will be sent again", self.tocsin.tail(100))
        wait_for(lambda: "remote write goes on" in self.tocsin.tail(100), what="a line of the log")

    def test_more_than_the_queue_holds(self):
        port = free_port()
        process, peer = self.start_receiver(port)
        url = self.begin(f"""
  - url: http://127.0.0.1:{port}/api/v1/write
    queue_config: {{batch_send_deadline: 100ms, capacity: 100, max_shards: 1, max_samples_per_send: 50, max_backoff: 300ms}}
""")
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent")
        process.stop()
        came = self.metric(url, "samples_in_total")
        wait_for(lambda: self.metric(url, "samples_in_total") > came + 400, what="more than there is room for")
        # the outbox and the request under way, or what one look into the store brought
        self.assertLessEqual(self.metric(url, "samples_pending"), 300)
        self.start_receiver(port)
        self.assert_same(url, peer)
        came = self.metric(url, "samples_in_total")
        wait_for(lambda: self.metric(url, "samples_in_total") > came + 50, what="samples after that")
        self.assert_same(url, peer)
        self.assertEqual(self.metric(url, "samples_dropped_total", reason="queue_full"), 0)
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)
        self.assertIn("reads samples from the store", self.tocsin.tail(100))

    def test_killed_while_the_receiver_is_away(self):
        port = free_port()
        process, peer = self.start_receiver(port)
        config = f"""
  - url: http://127.0.0.1:{port}/api/v1/write
    name: central
    queue_config: {{batch_send_deadline: 100ms, max_backoff: 300ms}}
"""
        url = self.begin(config)
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent")
        # several of each series that the receiver has, and that the kept position may not know of
        wait_for(lambda: self.metric(url, "samples_total") > 100, what="more samples sent")
        process.stop()
        wait_written(url)  # what the receiver has must not be lost here by the crash
        self.tocsin.kill()
        self.start_receiver(port)
        url = self.begin(config)
        self.assert_same(url, peer)
        self.assertEqual(self.tocsin.stop(), 0, self.tocsin.tail())
        url = self.begin(config)
        self.assert_same(url, peer)
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)


if __name__ == "__main__":
    unittest.main()
