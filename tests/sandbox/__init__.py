"""A synthetic Intercom workspace behind a real HTTP server on loopback, for tests and the demo.

Everything in it is invented. It follows the official API description 2.16 and knows nothing of the
tap; the tap knows nothing of it. Start it with `python -m tests.sandbox`, or from a test with
`tests.sandbox.process.Sandbox`.
"""
