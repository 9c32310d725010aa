// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/authfailuresmodel.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <random>

using namespace gatehouse;
using namespace gatehouse::ui;
using Column = AuthFailuresModel::Column;

class AuthFailuresModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void churn_equals_a_naive_rebuild();
    void new_rows_wait_until_the_table_settles();
    void a_run_of_changed_rows_is_one_signal();
    void minutes_pass_without_a_batch_of_the_group();
    void chosen_rows_survive_a_new_order();
    void hints_say_what_the_figures_show();
    void hostile_text_is_shown_escaped();

private:
    static AuthFailureGroup group(const std::string& address, Reason reason, std::uint32_t lately);
    static FeedBatch batch(std::vector<AuthFailureGroup> groups, int second, bool snapshot = false);
};

AuthFailureGroup AuthFailuresModelTest::group(const std::string& address, Reason reason, std::uint32_t lately)
{
    AuthFailureGroup made;
    made.address = address;
    made.reason = reason;
    made.count = lately;
    made.perMinute.assign(15, 0);
    made.perMinute.back() = lately;
    return made;
}

FeedBatch AuthFailuresModelTest::batch(std::vector<AuthFailureGroup> groups, int second, bool snapshot)
{
    FeedBatch made;
    made.snapshot = snapshot;
    made.stats.time = WallTime(std::chrono::hours(400000)) + std::chrono::seconds(second);
    made.authFailures = std::move(groups);
    return made;
}

void AuthFailuresModelTest::churn_equals_a_naive_rebuild()
{
    AuthFailuresModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    std::mt19937 random(11);
    const auto pick = [&random](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
    const std::array reasons{Reason::JwtSig, Reason::JwtTime, Reason::Origin};
    std::map<AuthFailureKey, AuthFailureGroup> truth;
    model.apply(batch({}, 0, true));
    model.sort(static_cast<int>(Column::Count), Qt::DescendingOrder);
    for (int round = 0; round < 300; ++round) {
        const bool snapshot = pick(40) == 0;
        if (snapshot)
            truth.clear();
        std::vector<AuthFailureGroup> groups;
        for (int i = pick(8); i >= 0; --i) {
            AuthFailureGroup each =
                group("10.0.0." + std::to_string(pick(60)), reasons[static_cast<std::size_t>(pick(3))], 1);
            each.count = static_cast<std::uint64_t>(pick(50));
            truth[{each.address, each.reason}] = each;
            groups.push_back(each);
        }
        if (pick(10) == 0)
            model.setFilter(pick(2) == 0 ? QString() : QStringLiteral("jwt_"));
        model.apply(batch(groups, 0, snapshot));
        model.settle();

        std::vector<AuthFailureGroup> naive;
        for (const auto& [key, each] : truth) {
            const bool isToken = each.reason != Reason::Origin;
            if (model.filter().isEmpty() || isToken)
                naive.push_back(each);
        }
        std::ranges::stable_sort(naive, std::ranges::greater{}, &AuthFailureGroup::count);
        QCOMPARE(model.rowCount(), static_cast<int>(naive.size()));
        for (std::size_t row = 0; row < naive.size(); ++row) {
            const AuthFailureKey key = *model.keyAt(static_cast<int>(row));
            QCOMPARE(key.address, naive[row].address);
            QCOMPARE(key.reason, naive[row].reason);
            QCOMPARE(model.group(key)->count, naive[row].count);
            QCOMPARE(model.rowOf(key), static_cast<int>(row));
        }
        QCOMPARE(model.waiting(), std::size_t(0));
    }
}

void AuthFailuresModelTest::new_rows_wait_until_the_table_settles()
{
    AuthFailuresModel model;
    model.apply(batch({group("10.0.0.1", Reason::JwtSig, 1)}, 0, true));
    QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
    QSignalSpy waiting(&model, &AuthFailuresModel::waitingChanged);
    model.apply(batch({group("10.0.0.2", Reason::JwtSig, 1), group("10.0.0.3", Reason::JwtSig, 1)}, 1));
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.waiting(), std::size_t(2));
    QCOMPARE(waiting.size(), 1);
    model.settle();
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(inserted.size(), 1);
}

void AuthFailuresModelTest::a_run_of_changed_rows_is_one_signal()
{
    AuthFailuresModel model;
    std::vector<AuthFailureGroup> groups;
    for (int i = 0; i < 100; ++i)
        groups.push_back(group("10.0.1." + std::to_string(i), Reason::Origin, 1));
    model.apply(batch(groups, 0, true));
    for (AuthFailureGroup& each : groups)
        each.count += 5;
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    model.apply(batch(groups, 1));
    QCOMPARE(changed.size(), 1);
    QCOMPARE(changed[0][0].toModelIndex().row(), 0);
    QCOMPARE(changed[0][1].toModelIndex().row(), 99);
}

void AuthFailuresModelTest::minutes_pass_without_a_batch_of_the_group()
{
    AuthFailuresModel model;
    model.apply(batch({group("10.0.0.1", Reason::JwtSig, 7)}, 0, true));
    const AuthFailureKey key{"10.0.0.1", Reason::JwtSig};
    QCOMPARE(ratePerMinute(*model.group(key)), 7U);
    model.apply(batch({}, 60));
    QCOMPARE(ratePerMinute(*model.group(key)), 0U);
    QCOMPARE(model.recent(), std::uint64_t(7));
    model.apply(batch({}, 15 * 60));
    QCOMPARE(model.recent(), std::uint64_t(0));
    QCOMPARE(model.group(key)->count, std::uint64_t(7));
}

void AuthFailuresModelTest::chosen_rows_survive_a_new_order()
{
    AuthFailuresModel model;
    model.apply(batch({group("10.0.0.1", Reason::JwtSig, 1), group("10.0.0.2", Reason::JwtSig, 2),
                       group("10.0.0.10", Reason::JwtSig, 3)},
                      0, true));
    model.sort(static_cast<int>(Column::Address), Qt::AscendingOrder);
    QCOMPARE(model.keyAt(2)->address, std::string("10.0.0.10"));
    const QPersistentModelIndex chosen(model.index(2, 0));
    model.sort(static_cast<int>(Column::Count), Qt::DescendingOrder);
    QCOMPARE(chosen.row(), 0);
    QCOMPARE(model.keyAt(chosen.row())->address, std::string("10.0.0.10"));
}

void AuthFailuresModelTest::hints_say_what_the_figures_show()
{
    AuthFailuresModel model;
    model.apply(batch({group("10.0.0.1", Reason::JwtSig, 10), group("10.0.0.2", Reason::JwtSig, 9),
                       group("10.1.0.1", Reason::JwtAlg, 1), group("10.1.0.2", Reason::JwtAlg, 1),
                       group("10.1.0.3", Reason::JwtAlg, 1), group("10.2.0.1", Reason::JwtTime, 50),
                       group("10.3.0.1", Reason::JwtKid, 3), group("10.4.0.1", Reason::Origin, 90)},
                      0, true));
    QCOMPARE(model.hint({"10.0.0.1", Reason::JwtSig}), AuthHint::BruteForce);
    QCOMPARE(model.hint({"10.0.0.2", Reason::JwtSig}), AuthHint::None);
    QCOMPARE(model.hint({"10.1.0.2", Reason::JwtAlg}), AuthHint::WholeNetwork);
    QCOMPARE(model.hint({"10.2.0.1", Reason::JwtTime}), AuthHint::None);
    QCOMPARE(model.hint({"10.3.0.1", Reason::JwtKid}), AuthHint::UnknownKey);
    QCOMPARE(model.hint({"10.4.0.1", Reason::Origin}), AuthHint::None);
    model.apply(batch({group("10.2.1.1", Reason::JwtTime, 1), group("10.2.2.1", Reason::JwtTime, 1)}, 1));
    QCOMPARE(model.hint({"10.2.0.1", Reason::JwtTime}), AuthHint::ClockSkew);
    QCOMPARE(networkOf("2001:db8::1:2:3:4"), std::string("2001:db8::/64"));
    QCOMPARE(networkOf("not an address"), std::string());
}

void AuthFailuresModelTest::hostile_text_is_shown_escaped()
{
    AuthFailuresModel model;
    AuthFailureGroup hostile = group("10.0.0.1", Reason::JwtSig, 1);
    hostile.lastUser = "<b>a</b>\r\n\x1b[31m\xE2\x80\xAEzyx";
    model.apply(batch({hostile}, 0, true));
    const QString shown = model.index(0, static_cast<int>(Column::User)).data().toString();
    QVERIFY(shown.contains(QStringLiteral("<b>a</b>")));
    for (const QChar c : shown)
        QVERIFY(c.isPrint() && c != QChar(0x202E));
}

QTEST_GUILESS_MAIN(AuthFailuresModelTest)
#include "authfailuresmodeltest.moc"
