// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedbridge/feedbridge.h"

#include "fakecontrol.h"

#include <QSignalSpy>
#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace gatehouse::ui;

namespace {

FeedBatch batch(std::uint64_t sequence, bool snapshot)
{
    FeedBatch made;
    made.sequence = sequence;
    made.snapshot = snapshot;
    return made;
}

} // namespace

class FeedBridgeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void batches_arrive_in_order_on_the_gui_thread();
    void many_wakes_post_one_event();
    void a_gap_asks_for_one_snapshot_and_waits_for_it();
    void an_answer_reaches_the_gui_thread_as_its_actor();
    void an_answer_for_somebody_who_is_gone_is_dropped();
    void a_bridge_that_is_gone_gets_nothing_more();
    void a_blocked_event_loop_is_measured();
};

void FeedBridgeTest::batches_arrive_in_order_on_the_gui_thread()
{
    FakeControl control;
    FeedBridge bridge(control, {"dana", "console"});
    std::vector<std::uint64_t> seen;
    connect(&bridge, &FeedBridge::batchReady, this, [&](const FeedBatch& got) {
        QCOMPARE(QThread::currentThread(), thread());
        seen.push_back(got.sequence);
    });
    bridge.start();
    std::thread server([&] {
        control.push(batch(1, true));
        control.push(batch(2, false));
        control.push(batch(3, false));
    });
    server.join();
    QVERIFY(seen.empty());
    QTRY_COMPARE(seen.size(), std::size_t(3));
    QVERIFY(seen == (std::vector<std::uint64_t>{1, 2, 3}));
}

void FeedBridgeTest::many_wakes_post_one_event()
{
    struct Counter : QObject {
        int calls = 0;
        bool eventFilter(QObject*, QEvent* event) override
        {
            calls += event->type() == QEvent::MetaCall;
            return false;
        }
    } counter;
    FakeControl control;
    FeedBridge bridge(control, {"dana", "console"});
    bridge.installEventFilter(&counter);
    bridge.start();
    for (std::uint64_t i = 1; i <= 1000; ++i)
        control.push(batch(i, i == 1));
    QCoreApplication::processEvents();
    QCOMPARE(counter.calls, 1);
}

void FeedBridgeTest::a_gap_asks_for_one_snapshot_and_waits_for_it()
{
    FakeControl control;
    FeedBridge bridge(control, {"dana", "console"});
    QSignalSpy spy(&bridge, &FeedBridge::batchReady);
    bridge.start();
    for (const auto& [sequence, snapshot] :
         std::vector<std::pair<std::uint64_t, bool>>{{1, true}, {3, false}, {4, false}, {5, true}})
        control.push(batch(sequence, snapshot));
    QCoreApplication::processEvents();
    QCOMPARE(spy.size(), 2);
    QCOMPARE(control.snapshotsAsked, 1);
}

void FeedBridgeTest::an_answer_reaches_the_gui_thread_as_its_actor()
{
    FakeControl control;
    FeedBridge bridge(control, {"dana", "console"});
    int answers = 0;
    bridge.call(DrainCommand{}, this, [&](const Reply& reply) { answers += reply.ok(); });
    QCOMPARE(answers, 0);
    QTRY_COMPARE(answers, 1);
    QCOMPARE(control.calls.at(0).actor, (Actor{"dana", "console", ApiRole::Admin, std::nullopt}));
}

void FeedBridgeTest::an_answer_for_somebody_who_is_gone_is_dropped()
{
    FakeControl control;
    FeedBridge bridge(control, {"dana", "console"});
    bool called = false;
    {
        QObject context;
        bridge.call(DrainCommand{}, &context, [&](const Reply&) { called = true; });
    }
    QCoreApplication::processEvents();
    QVERIFY(!called);
}

void FeedBridgeTest::a_bridge_that_is_gone_gets_nothing_more()
{
    FakeControl control;
    control.holdsAnswers = true;
    {
        FeedBridge bridge(control, {"dana", "console"});
        bridge.start();
        QCOMPARE(control.watchers(), std::size_t(1));
        bridge.call(DrainCommand{}, this, [](const Reply&) { QFAIL("answered to a bridge that is gone"); });
    }
    QCOMPARE(control.watchers(), std::size_t(0));
    control.release();
    QCoreApplication::processEvents();
}

void FeedBridgeTest::a_blocked_event_loop_is_measured()
{
    FakeControl control;
    FeedBridge bridge(control, {"dana", "console"});
    QSignalSpy spy(&bridge, &FeedBridge::lagMeasured);
    bridge.start();
    QCoreApplication::processEvents();
    std::this_thread::sleep_for(std::chrono::milliseconds(400)); // the block itself, not a wait
    QTRY_VERIFY(!spy.isEmpty());
    QVERIFY(bridge.lag() >= std::chrono::milliseconds(200));
}

QTEST_GUILESS_MAIN(FeedBridgeTest)
#include "feedbridgetest.moc"
