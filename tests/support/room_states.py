"""States of a drill room's seats, made by hand: one moment of a morning in which a bank answers slowly."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

State = dict[str, Any]
NOW = 9 * 3600 + 35 * 60 + 40
SECRET = "slow ×40 since 09:30:00"  # what only the facilitator may see

TITLES = {
    "facilitator": ("Facilitator", "导调", "高老师"),
    "operator": ("On-duty operator", "值班员", "林悦"),
    "dba": ("DBA", "数据库管理员", "吴昊"),
    "vendor": ("Vendor", "厂商", "周敏"),
    "approver": ("Approver", "审批人", "陈波"),
    "liaison": ("Exchange and bank liaison", "交易所与银行联络", None),
    "notices": ("Customer notices", "客户公告", "何岚"),
    "scribe": ("Scribe", "记录", None),
}
PLAYED = {"liaison": "automated"}
STATES = dict.fromkeys(TITLES, "ready") | {"scribe": "away", "vendor": "here", "operator": "here"}


def text(en: str, zh: str) -> dict[str, str]:
    """A text in both languages."""
    return {"en": en, "zh": zh}


def _alarm(name: str, title: dict[str, str], since: int, reading: float, bound: float, **more: Any) -> dict[str, Any]:
    base = {"id": name, "title": title, "state": "open", "since": NOW - since, "by": None, "at": None, "unit": None}
    return base | {"reading": reading, "bound": bound} | more


def _node(name: str, title: dict[str, str], x: int, y: int, state: str = "unmonitored", *readings: Any) -> dict[str, Any]:
    keys = ("title", "value", "bound", "side", "state")
    return {
        "id": name,
        "title": title,
        "x": x,
        "y": y,
        "state": state,
        "readings": [dict(zip(keys, reading, strict=True)) for reading in readings],
    }


def command(n: int, title: dict[str, str], state: str, can: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A command in a state of its way, with the instants at which it came to the states before."""
    times = {"proposed": NOW - 60 + 9 * n}
    for i, step in enumerate(("approved", "begun", "done")):
        if state in ("approved", "begun", "done")[i:]:
            times[step] = NOW - 30 + 5 * i
    base = {"id": f"c{n}", "n": n, "command": f"command-{n}", "title": title, "takes": 120, "risk": "low"}
    base |= {
        "undo": text("can be undone", "可恢复"),
        "final": False,
        "approver": "approver",
        "by": "operator",
    }
    return base | {"state": state, "times": times, "reason": "", "can": can or [], "progress": None} | more


BANK_A, LIMIT, RESTART = (
    text("Cut off bank A", "暂停存管银行 A 转账"),
    text("Limit logins", "登录限流"),
    text("Restart the counter", "重启柜台"),
)
NONE = text("", "")


def _map() -> dict[str, Any]:
    host = (text("host", "主机"), 1, 1, "below", "within")
    good = text("timeouts", "超时"), 0, 0.05, "above", "within"
    nodes = [
        _node(
            "client",
            text("Customers", "客户业务"),
            60,
            200,
            "alarm",
            (text("log in, good", "登录成功"), 41, 90, "below", "alarm"),
            (text("orders, good", "委托成功"), 28, 90, "below", "alarm"),
            (text("calls, 10 min", "10 分钟来电"), 4, 20, "above", "within"),
        ),
        _node("app", text("App access", "移动端接入"), 220, 80),
        _node("pc", text("PC access", "电脑端接入"), 220, 200),
        _node("phone", text("Phone orders", "电话委托"), 220, 300),
        _node("gateway", text("Gateway", "接入网关"), 350, 200),
        _node("login", text("Login", "登录认证"), 480, 80),
        _node(
            "counter",
            text("Counter", "柜台"),
            480,
            210,
            "alarm",
            host,
            (text("queue", "排队"), 1893, 20, "above", "alarm"),
            (text("standby", "备机"), None, 1, "below", "within"),
        ),
        _node("risk", text("Risk check", "风控"), 610, 110),
        _node(
            "database",
            text("Database", "数据库"),
            610,
            230,
            "within",
            host,
            (text("waiting", "等待连接"), 0, 10, "above", "within"),
        ),
        _node(
            "router",
            text("Router", "报盘"),
            740,
            200,
            "within",
            host,
            (text("backlog", "积压"), 12, 10000, "above", "within"),
        ),
        _node("sse", text("Shanghai", "上交所"), 740, 80),
        _node("szse", text("Shenzhen", "深交所"), 740, 320),
        _node(
            "bank-a",
            text("Bank A", "存管银行 A"),
            150,
            420,
            "alarm",
            (text("timeouts /s", "超时（每秒）"), 0.27, 0.05, "above", "alarm"),
        ),
        *(
            _node(f"bank-{b}", text(f"Bank {b.upper()}", f"存管银行 {b.upper()}"), 280 + 120 * i, 420, "within", good)
            for i, b in enumerate("bcd")
        ),
        _node("clearing", text("Clearing", "中国结算"), 720, 420),
    ]
    links = [
        "client app",
        "client pc",
        "client phone",
        "app gateway",
        "pc gateway",
        "phone gateway",
        "gateway login",
        "gateway counter",
        "counter risk",
        "counter database",
        "database router",
        "router sse",
        "router szse",
        "counter bank-a",
        "counter bank-b",
        "counter bank-c",
        "counter bank-d",
    ]
    return {"nodes": nodes, "links": [link.split() for link in links]}


def _orders() -> dict[str, Any]:
    rows = [[250 - 3 * i, 8, 0, 0, 0, 0] for i in range(18)]
    rows += [[max(4, 60 - 6 * i), 5, 70 + 4 * i, 8 * i, 45, 0] for i in range(15)] + [[46, 5, 0, 0, 1, 70]]
    kinds = ["confirmed", "reject", "unknown", "error", "blocked", "open"]
    return {"title": "", "bin": 10, "t0": 9 * 3600 + 1800, "kinds": kinds, "rows": rows, "failed": 2638}


def _log() -> list[dict[str, Any]]:
    title = {name: text(en, zh) for name, (en, zh, _) in TITLES.items()}
    rows: list[tuple[int, str, Any, Any, Any]] = [
        (42, "event", "", None, text("Alarm: counter queue", "告警：柜台排队")),
        (40, "event", title["operator"], None, text("began 1: cut off bank A", "开始 1：暂停存管银行 A")),
        (
            32,
            "inject",
            text("Bank A", "存管银行 A"),
            ["liaison"],
            text("EXERCISE: all green here, please check your line.", "【演练】我方一切正常，请检查贵方线路。"),
        ),
        (18, "said", title["dba"], None, "【演练】数据库平静，没有等待连接。"),
        (9, "event", title["operator"], None, text("proposed 4: restart the counter", "提出 4：重启柜台")),
        (2, "said", title["vendor"], ["operator", "vendor"], "【演练】先别重启，线程在释放。"),
    ]
    keys = ("t", "kind", "from", "to", "text")
    return [dict(zip(keys, (NOW - row[0], *row[1:]), strict=True)) for row in rows]


def running(seat: str = "operator") -> State:
    """09:35:40 as that seat sees it: three alarms open, one command to begin, one to approve, one under way."""
    en, zh, _ = TITLES[seat]
    can = {"operator": {3: ["begin", "withdraw"], 4: ["withdraw"]}, "approver": {4: ["approve", "refuse"]}}.get(seat, {})
    high = {"risk": "high", "undo": text("cannot be undone", "不可撤销"), "final": True, "takes": 540}
    state: State = {
        "drill": _drill(),
        "seat": {"name": seat, "title": text(en, zh), "person": "person", "steers": seat == "facilitator"},
        "people": [
            {"seat": name, "title": text(a, b), "person": PLAYED.get(name, "person"), "name": who, "state": STATES[name]}
            for name, (a, b, who) in TITLES.items()
        ],
        "clock": {
            "t": NOW,
            "speed": 1,
            "state": "running",
            "behind": 1.0,
            "phase": text("Continuous auction", "连续竞价"),
            "paused_since": None,
        },
        "severity": {
            "seconds": 280,
            "grades": [
                {"title": text("larger", "较大"), "after": 600, "reached": None},
                {"title": text("major", "重大"), "after": 1800, "reached": None},
            ],
            "grade": None,
        },
        "duty": {"state": "due", "known_since": NOW - 179, "due_at": None, "last_report": None, "next_at": None},
        "alarms": [
            _alarm("bank-a-timeouts", text("Bank A timeouts", "存管银行 A 超时"), 71, 0.27, 0.05),
            _alarm("order-success", text("Order success", "委托成功率"), 72, 28, 90),
            _alarm("login-success", text("Login success", "登录成功率"), 92, 41, 90),
            _alarm(
                "counter-queue",
                text("Counter queue", "柜台排队"),
                212,
                1893,
                20,
                state="acknowledged",
                by="operator",
                at=NOW - 179,
            ),
        ],
        "signs": [
            {"title": text("Test order failed", "巡检委托失败"), "n": 1, "of": 2, "t": NOW - 147},
            {"title": text("Customer calls", "客户来电"), "n": 4, "of": 20, "t": NOW - 60},
        ],
        "map": _map(),
        "orders": _orders(),
        "offers": [
            _offer("cut-off-bank-b", text("Cut off bank B", "暂停存管银行 B 转账"), 120, "low"),
            _offer("more-threads", text("More counter threads", "增加柜台线程"), 180, "medium"),
            _offer("restart-counter", RESTART, 540, "high", final=True),
        ],
        "looks": [
            {"look": "threads", "title": text("Counter threads", "柜台线程"), "takes": 20},
            {"look": "log", "title": text("Counter log", "柜台日志"), "takes": 45},
        ],
        "announcements": [],
        "commands": [
            command(1, BANK_A, "begun", can.get(1), progress=0.36),
            command(3, LIMIT, "approved", can.get(3)),
            command(4, RESTART, "proposed", can.get(4), **high),
        ],
        "log": _log(),
        "branch": None,
    }
    return state


def _offer(name: str, title: dict[str, str], duration: int, risk: str, *, final: bool = False) -> dict[str, Any]:
    undo = text("cannot be undone", "不可撤销") if final else text("can be undone", "可恢复")
    return {
        "command": name,
        "title": title,
        "duration": duration,
        "risk": risk,
        "undo": undo,
        "final": final,
        "approver": "approver",
    }


def _drill() -> dict[str, Any]:
    return {
        "name": "morning-07",
        "title": text("Morning drill 07", "早盘演练 07"),
        "briefing": text(
            "An ordinary Monday, the first half hour of trading; some part may fail.",
            "普通周一，开市后半小时，某个部分可能出问题。",
        ),
        "window": [9 * 3600 + 26 * 60, 10 * 3600],
        "objectives": [
            text("Notice and take up within 3 minutes", "3 分钟内发现并认领"),
            text("Decide on the right action, with approval", "作出正确处置并经审批"),
        ],
        "rules": [
            text("Thinking costs simulated time. A pause does not.", "思考占用仿真时间，暂停不占用。"),
            text("We judge the system and the plan, not people.", "评估对象是系统与预案，不是个人。"),
        ],
        "questions": [
            {"question": "first", "text": text("What would you notice first, and where?", "您最先会在哪里察觉什么？")},
            {"question": "then", "text": text("What would you do first? Who must approve?", "您首先会做什么？由谁批准？")},
            {"question": "minutes", "text": text("Minutes until somebody knows", "多少分钟后会有人知悉")},
        ],
        "hot_wash": [],
    }


def facilitated() -> State:
    """The same moment as the facilitator sees it."""
    state = running("facilitator")
    health = {"counter": "saturated", "gateway": "saturated", "app": "failing", "bank-a": "slow"}
    nodes = [
        {"id": n["id"], "state": health.get(n["id"], "healthy"), "fullest": 1.0 if n["id"] in health else 0.1, "fault": None}
        for n in state["map"]["nodes"]
    ]
    for node in nodes:
        if node["id"] == "bank-a":
            node["fault"] = "i0"
    kinds = ("sent", "due", "armed", "held")
    titles = [
        text(SECRET, "自 09:30:00 起应答慢 40 倍"),
        text("How many customers, and since when?", "影响多少客户？从何时起？"),
        text("False alarm: connection queue", "误报：连接排队"),
        text("Vendor away for 5 min", "厂商离席 5 分钟"),
    ]
    msel = [
        {
            "id": f"i{i}",
            "n": i + 1,
            "at": NOW - 60 + 60 * i,
            "when": None,
            "title": title,
            "from": None,
            "to": ["operator"],
            "kind": ("fault", "message", "false_alarm", "absence")[i],
            "expected": text("look before acting", "先查看再处置"),
            "state": kinds[i],
            "done_at": None,
        }
        for i, title in enumerate(titles)
    ]
    noticed = {
        "facts": [{"id": "i0", "title": text("Threads wait for bank A", "线程在等存管银行 A"), "at": NOW - 300}],
        "rows": [
            {"seat": seat, "at": NOW - 179 if seat == "operator" else None} for seat in ("operator", "dba", "vendor", "approver")
        ],
    }
    hints = [
        {"hint": "h1", "text": text("What do busy threads wait for?", "繁忙的线程在等什么？"), "given": True},
        {"hint": "h2", "text": text("Which banks share the threads?", "哪些银行共用这些线程？"), "given": False},
    ]
    title = text("Search the counter's log", "检索柜台日志")
    questions = [{"id": "l1", "look": "log", "title": title, "by": "dba", "ends": NOW + 20}]
    return state | {
        "truth": {"nodes": nodes},
        "msel": msel,
        "noticed": noticed,
        "hints": hints,
        "questions": questions,
        "failed": 2638,
        "branches": [{"n": 1, "t": float(NOW - 60), "folder": "branches/1"}],
        "links": {seat: f"token-of-{seat}" for seat in TITLES},
    }


def lobby(seat: str = "operator") -> State:
    """Before the start."""
    state = running(seat)
    return state | {
        "clock": state["clock"] | {"state": "lobby", "t": state["drill"]["window"][0]},
        "alarms": [],
        "commands": [],
        "log": [],
    }


def over(state: State) -> State:
    """The same state when the exercise has been ended there, and its review is there."""
    talk = [text("What did you take the first alarm for?", "首个告警时如何判断？")]
    return state | {
        "clock": state["clock"] | {"state": "over"},
        "drill": state["drill"] | {"hot_wash": talk},
        "review": {"state": "ready", "made": None, "of": None},
    }


def later(state: State, seconds: int = 1) -> State:
    """The state some seconds later, with nothing but the clock changed."""
    found = deepcopy(state)
    found["clock"]["t"] += seconds
    return found
