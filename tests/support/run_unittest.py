#!/usr/bin/env python3
"""Runs a file of unittest tests from its folder: run_unittest.py FILE. Exit code 0: all passed; 1: one failed or there is
none; 77: none failed and at least one was skipped, so that ctest counts the file as skipped. The last lines say which
were skipped and why: `skipped: FILE: TEST: REASON`."""

import os
import sys
import unittest

SKIPPED = 77


def main():
    file = sys.argv[1]
    sys.path.insert(0, os.getcwd())
    suite = unittest.defaultTestLoader.loadTestsFromName(file.removesuffix(".py"))
    result = unittest.TextTestRunner(sys.stdout, verbosity=2).run(suite)
    others = max(0, result.testsRun - len(result.skipped))
    for test, reason in result.skipped:
        print(f"skipped: {file}: {test.id()}: {reason} ({others} others ran)")
    if not result.wasSuccessful() or (result.testsRun == 0 and not result.skipped):
        return 1
    return SKIPPED if result.skipped else 0


if __name__ == "__main__":
    sys.exit(main())
