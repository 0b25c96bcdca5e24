"""The agent's side of `propose`: ask before acting, wait, be told.

Owns the calls an agent's own code makes from inside a supervised session.  Never decides, and
never turns a failure into a yes: no session, no socket, an end of file, an answer that cannot be
read, a time-out all raise `Denied`.

    from agentwatch import Denied, apropose, gated, propose

    propose("delete", path="old.log", words="empty since May")   # returns, or raises Denied
    await apropose("network", host="example.org")                # cancelled: withdrawn

    @gated("delete", path=lambda path: path)                     # asks, runs, says how it went
    def remove(path): os.unlink(path)

    approval = propose("exec", argv=["make"], edits=["argv"])    # a person may change it
    argv = approval.given["argv"] if approval.given else ["make"]

    with gated("exec", argv=["make", "deploy"]):                 # `async with` likewise
        subprocess.run(["make", "deploy"], check=True)

Any other language speaks the protocol itself: JSON, one object a line, at most 1 MiB each, over
the unix socket named by AGENTWATCH_SOCKET, with the token of AGENTWATCH_TOKEN.  `>` is sent by
the agent, `<` by agentwatch; `ref` is any string of the agent's and comes back as `re`:

    > {"v":1, "op":"propose", "token":"8d1f…", "ref":"a", "kind":"delete",
    >  "paths":["/home/me/Mail/cur/1:2,S"], "cwd":"/home/me", "words":"an old newsletter"}
                        … a person looks at it; the answer may take minutes …
    < {"v":1, "re":"a", "ok":true, "verdict":"allow", "id":"k3f9", "digest":"5c1e…",
    <  "by":"person:tui", "why":""}
    > {"v":1, "op":"outcome", "token":"8d1f…", "ref":"b", "action":"k3f9",
    >  "done":true, "detail":""}
    < {"v":1, "re":"b", "ok":true}

    > {"v":1, "op":"propose", "token":"8d1f…", "ref":"c", "kind":"exec",
    >  "argv":["git","push","--force"], "cwd":"/home/me/project"}
    < {"v":1, "re":"c", "ok":true, "verdict":"deny", "id":"m2x7", "digest":"e09a…",
    <  "by":"person:cli", "why":"not on a Friday"}

    > {"v":2, "op":"propose", "ref":"d", …}
    < {"v":1, "re":"d", "ok":false, "verdict":"deny", "error":{"what":"protocol version 2 is
    <  not known here", "hint":"…", "code":1}}                    … and the connection closes

`kind` is one of exec read write delete rename network tool message ask-daemon other; with it go
any of `command` (a shell line), `argv`, `paths`, `url`, `host`, `cwd`, `tool`, `params` (an
object), `diff` (unified) and `words` (what the agent says about it).  `edits` lists those of them
that a person may change: then the yes may bear `input`, these fields as they were approved, and
only that may be done.  Many questions may wait on
one connection; closing it withdraws them.  Only `"ok":true` with `"verdict":"allow"`, exactly,
and the right `re` is a yes.  Everything else is a no, and so is silence.
"""

from agentwatch.channels.propose.aio import apropose, areport
from agentwatch.channels.propose.around import Gated, gated
from agentwatch.channels.propose.ask import propose, report
from agentwatch.channels.propose.message import Approval, Denied, NotReported, NotSupervised

__all__ = [
    "Approval",
    "Denied",
    "Gated",
    "NotReported",
    "NotSupervised",
    "apropose",
    "areport",
    "gated",
    "propose",
    "report",
]
