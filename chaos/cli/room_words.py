"""What the terminal of a room says. Words that one types are the same in both languages, so that these texts are no part of the catalogue."""

from __future__ import annotations

from chaos.i18n.texts import LocalizedText

_SAID = {
    "help.start": LocalizedText(
        "start                the clock goes; pause, go, speed N (1 to 60) set it; end ends the exercise",
        "start                开始计时；pause、go、speed N（1 至 60）控制时钟；end 结束演练",
    ),
    "help.enter": LocalizedText(
        "(Enter alone)        how things stand, and what waits for you", "（直接回车）         当前情况和待办"
    ),
    "help.offers": LocalizedText(
        "offers               what can be proposed, looked at and announced, with numbers",
        "offers               可提出的指令、可查询和可发布的内容（带编号）",
    ),
    "help.alarms": LocalizedText(
        "alarms               those that stand; ack N takes one up, ack alone the first",
        "alarms               当前告警；ack N 确认一条，ack 确认第一条",
    ),
    "help.propose": LocalizedText(
        "propose N            a command, by number or name; then approve, refuse WHY, begin or withdraw",
        "propose N            提出指令（编号或名称）；再 approve、refuse 理由、begin 或 withdraw",
    ),
    "help.look": LocalizedText(
        "look N               its answer comes after its time; announce N speaks to customers",
        "look N               查询，所需时间后给出答复；announce N 向客户发布公告",
    ),
    "help.say": LocalizedText(
        "say TEXT             to everybody; report TEXT to the regulator",
        "say 内容             向所有人发言；report 内容 向监管部门报告",
    ),
    "help.rest": LocalizedText(
        "commands, help, quit the room stays in its folder", "commands, help, quit 演练室保留在其文件夹中"
    ),
    "lobby": LocalizedText(
        "the clock stands at {time}; start lets it go at {speed} times the time on the wall",
        "时钟停在 {time}；start 以 {speed} 倍速开始",
    ),
    "alarm": LocalizedText("▲ {alarm}  [ack {name}]", "▲ {alarm}  [ack {name}]"),
    "gone": LocalizedText("✓ alarm gone: {alarm}", "✓ 告警消除：{alarm}"),
    "command": LocalizedText("{id} {command}: {state}", "{id} {command}：{state}"),
    "next": LocalizedText("  [{verbs}]", "  [{verbs}]"),
    "none": LocalizedText("none", "无"),
    "unknown": LocalizedText("no such word: {word}; help lists them", "没有此命令：{word}；help 列出全部命令"),
    "which": LocalizedText("which one? {known}", "哪一个？{known}"),
    "nothing": LocalizedText("nothing waits for that", "没有可执行此操作的对象"),
    "speed": LocalizedText("speed takes a number from 1 to 60", "speed 后面需要 1 至 60 的数字"),
    "text": LocalizedText("{word} takes a text", "{word} 后面需要内容"),
    "status": LocalizedText(
        "{time}  {state}, {speed}×; alarms not taken up: {alarms}; failed orders: {failed}; impaired: {impaired}",
        "{time}  {state}，{speed} 倍速；未确认告警：{alarms}；失败委托：{failed}；异常时长：{impaired}",
    ),
    "duty": LocalizedText("report to the regulator due by {time}", "监管报告截止：{time}"),
    "state.lobby": LocalizedText("not begun", "未开始"),
    "state.running": LocalizedText("running", "运行中"),
    "state.paused": LocalizedText("paused", "已暂停"),
    "state.over": LocalizedText("over", "已结束"),
    "open": LocalizedText("not taken up", "未确认"),
    "acknowledged": LocalizedText("taken up by {by}", "已由{by}确认"),
    "commands": LocalizedText("commands (propose N)", "指令（propose N）"),
    "looks": LocalizedText("looks (look N)", "查询（look N）"),
    "announcements": LocalizedText("announcements (announce N)", "公告（announce N）"),
    "offer": LocalizedText("{title}; takes {time}, risk {risk}; {undo}", "{title}；需 {time}，风险{risk}；{undo}"),
    "risk.low": LocalizedText("low", "低"),
    "risk.medium": LocalizedText("medium", "中"),
    "risk.high": LocalizedText("high", "高"),
    "takes": LocalizedText("{title}; takes {time}", "{title}；需 {time}"),
    "over": LocalizedText(
        "the exercise is over: {failed} failed orders, impaired for {impaired}",
        "演练结束：失败委托 {failed} 笔，异常时长 {impaired}",
    ),
    "kept": LocalizedText(
        "kept; coredrill room host --resume --folder {folder} goes on with it in a browser",
        "已保留；coredrill room host --resume --folder {folder} 可在浏览器中继续",
    ),
    "again": LocalizedText("coredrill room replay {folder} makes it again", "coredrill room replay {folder} 可重放本次演练"),
}


def terminal_text(key: str, **parts: object) -> LocalizedText:
    """A text with its places filled."""
    return _SAID[key].map(lambda said: said.format(**parts))
