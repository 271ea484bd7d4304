# SPDX-License-Identifier: Apache-2.0
"""What is known to be wrong today, with the reason. Strict: an entry that is no longer true fails."""

UNFLUSHED = "the connection is closed before the answers that wait in it are flushed"
UNSAID = "NIO's parser refuses what our reader passed on, and the connection ends without an answer"
HALF_CLOSED = "a half-closed client is kept when its request is not the first one for the framework"
EMPTY_LINES = "empty lines have no limit and are kept"
BODY = "the framework looks at a body once it is there"

# (part of the test's name as a regular expression, why it fails)
KNOWN = [
    (r"header length with a plus", "“+12” is read as a number"),
    (r"keep_alive_gets_it_or_is_told", "the connection stays, and Connection: keep-alive is not said"),
    (r"not_here_is_refused\[(authority|target without|unknown method for)", UNSAID),
    (r"in_any_letters\[framework.*t chunked", UNSAID),
    (r"well_are_one_body\[framework-(a request in an extension|trailers that)", UNSAID),
    (r"before_what_ends_the_connection_are_not_lost\[framework", UNFLUSHED),
    (r"mutated_requests", UNFLUSHED),
    (r"ends_in_the_midst.*framework", HALF_CLOSED),
    (r"(ends_the_connection|slow_sender.*)\[empty lines|head_without_an_end.*\[\]", EMPTY_LINES),
    (r"slow_sender.*\[framework", "a body for the framework may take for ever, a byte a minute"),
    (r"framework_refuses_a_large", BODY),
    (r"asked_to_continue\[framework", BODY),
    (r"asked_to_continue\[no endpoint", "the endpoint is looked up once the body is there"),
    (r"without_descriptors", "NIO asks again at once when accept fails (readPending stays set)"),
]
