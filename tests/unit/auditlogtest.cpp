// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditlog.h"
#include "audit/auditchain.h"
#include "audit/auditreader.h"
#include "audit/recordlimiter.h"
#include "manualclock.h"
#include "storetool.h"

#include <QCoreApplication>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <future>

#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr const char* writeUntilKilled = "--write-until-killed";

constexpr WallTime farAway(std::chrono::seconds(4'000'000'000));

Ban someBan()
{
    return Ban{{}, BanSubject::Token, "7f3a", "corp", "root", "stolen", WallTime(1s), farAway};
}

Revocation someRevocation()
{
    return Revocation{{},     RevocationSubject::User, "ann",        "corp", WallTime(1234ms),
                      "root", "lost her phone",        WallTime(2s), farAway};
}

constexpr TokenUse someUse{{1, 2, 3, 0, 255}, farAway};

Lockdown someLockdown()
{
    return {LockdownLists{{"ann", "corp:bob"}, {*Network::parse("10.0.0.0/8")}}, "root", "why", {}, farAway};
}

TemporaryLimit someLimit()
{
    TemporaryLimit limit;
    limit.user = "bob";
    limit.rate = {5, 1s, 10};
    return limit;
}

// What the killed process runs: it says on standard output when 2,000 records and what must outlast it are on disk, and
// goes on.
int writeForever(const std::filesystem::path& file)
{
    const SystemClock clock;
    const auto log = AuditLog::open({file, 65536}, clock);
    if (!log)
        return 1;
    static_cast<void>((*log)->addBan(someBan()));
    static_cast<void>((*log)->addRevocation(someRevocation()));
    (*log)->setLockdown(someLockdown());
    static_cast<void>((*log)->addLimit(someLimit()));
    std::promise<bool> used;
    (*log)->useToken(someUse, [&used](bool written) { used.set_value(written); });
    if (!used.get_future().get())
        return 1;
    for (int i = 0; log; ++i) {
        AuditRecord record;
        record.address = "10." + std::to_string(i / 62500 % 250) + '.' + std::to_string(i / 250 % 250) + '.' +
                         std::to_string(i % 250);
        (*log)->record(record);
        if (i == 2000 && (*log)->flush())
            static_cast<void>(::write(STDOUT_FILENO, "x", 1) < 0);
        if (i % 500 == 0)
            std::this_thread::sleep_for(1ms);
    }
    return 1;
}

} // namespace

class AuditLogTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void every_field_is_read_back_as_it_was_recorded();
    void text_that_the_store_could_not_give_back_is_made_storable_first();
    void the_store_and_what_lies_beside_it_have_mode_0600();
    void numbers_go_on_without_gaps_after_a_restart();
    void a_process_killed_while_it_writes_leaves_a_chain_and_what_must_stand();
    void a_store_of_version_1_is_brought_up_to_date();
    void a_newer_schema_is_refused();
    void a_folder_that_is_not_there_is_named();
    void pages_follow_each_other_without_overlap();
    void a_query_filters_by_each_of_its_fields_data();
    void a_query_filters_by_each_of_its_fields();
    void wildcards_in_the_text_of_a_query_stand_for_themselves();
    void bans_outlive_the_process_until_they_are_over_or_lifted();
    void the_id_of_a_lifted_ban_is_not_given_again();
    void a_locked_store_fails_and_recovers_by_itself_with_nothing_lost();
    void a_full_queue_drops_counts_and_says_so();
    void the_twenty_first_record_of_a_source_in_a_second_is_counted_into_the_next();
    void what_is_left_out_last_is_written_when_its_source_falls_silent();
    void commands_of_operators_are_never_left_out();
    void the_table_of_sources_is_bounded_and_loses_no_count();
    void many_threads_record_and_nothing_is_lost();

private:
    [[nodiscard]] std::filesystem::path file() const { return m_file; }
    [[nodiscard]] std::unique_ptr<AuditLog> openLog(std::size_t queueLimit = 65536);
    [[nodiscard]] AuditPage page(const AuditQuery& query = {});
    [[nodiscard]] AuditRecord refusal(const std::string& address, Reason reason = Reason::JwtSig) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_file;
    test::ManualClock m_clock;
};

void AuditLogTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    m_file = std::filesystem::path(m_folder->path().toStdString()) / "gatehouse.sqlite";
}

std::unique_ptr<AuditLog> AuditLogTest::openLog(std::size_t queueLimit)
{
    auto log = AuditLog::open({m_file, queueLimit}, m_clock);
    if (!log)
        qFatal("%s", log.error().c_str());
    return std::move(log).value();
}

AuditPage AuditLogTest::page(const AuditQuery& query)
{
    auto result = AuditReader(m_file).query(query);
    if (!result)
        qFatal("%s", result.error().c_str());
    return std::move(result).value();
}

AuditRecord AuditLogTest::refusal(const std::string& address, Reason reason) const
{
    AuditRecord record;
    record.time = m_clock.wall();
    record.kind = AuditKind::Refuse;
    record.decision.reason = reason;
    record.address = address;
    record.code = 401;
    return record;
}

void AuditLogTest::every_field_is_read_back_as_it_was_recorded()
{
    const AuditRecord record{m_clock.wall(),
                             AuditKind::Kick,
                             {Reason::Kicked, {"/routes/0", "hub"}, "met", "limit"},
                             SessionId{0x7fffffffffffffffULL},
                             "ann",
                             "local",
                             "10.0.0.1",
                             "hub",
                             "https://a.example",
                             "root",
                             "détail \u202e\n\x1b[31m",
                             4403,
                             7,
                             3};
    AuditRecord empty;
    const auto log = openLog();
    log->record(record);
    log->record(empty);
    QVERIFY(log->flush());
    QCOMPARE(log->newest(), std::uint64_t(2));
    const AuditPage read = page();
    QCOMPARE(read.entries.size(), std::size_t(2));
    QVERIFY(!read.more);
    QVERIFY(read.entries[1].record == record);
    QVERIFY(read.entries[0].record == empty);
    QCOMPARE(read.entries[0].number, std::uint64_t(2));
}

void AuditLogTest::text_that_the_store_could_not_give_back_is_made_storable_first()
{
    const auto log = openLog();
    const std::vector<std::string> hostile{"\xff\xfe",
                                           std::string("a\0b", 3),
                                           "\xef\xbb\xbf\xef\xbb\xbf\xef\xbf\xbe",
                                           "\xed\xa0\x80",
                                           "\xf0\x9f\x98\x80",
                                           std::string(1023, 'a') + "é",
                                           std::string(5000, 'x')};
    for (const std::string& text : hostile) {
        AuditRecord record = refusal(text);
        record.user = record.origin = record.detail = text;
        log->record(record);
    }
    QVERIFY(log->flush());
    const auto report = verifyChain(file());
    QVERIFY(report);
    QVERIFY2(!report->firstBad, report->what.c_str());
    QCOMPARE(report->checked, std::uint64_t(hostile.size()));
    QCOMPARE(page().entries.back().record.user, std::string("\xef\xbf\xbd\xef\xbf\xbd"));
    QCOMPARE(page().entries[1].record.user, std::string(1023, 'a'));
}

void AuditLogTest::the_store_and_what_lies_beside_it_have_mode_0600()
{
    const mode_t before = ::umask(0);
    const auto log = openLog();
    log->record(refusal("10.0.0.1"));
    QVERIFY(log->flush());
    ::umask(before);
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(m_file.parent_path())) {
        struct stat status {};
        QCOMPARE(::stat(entry.path().c_str(), &status), 0);
        QCOMPARE(status.st_mode & 0777U, 0600U);
        ++files;
    }
    QVERIFY(files >= 2);
}

void AuditLogTest::numbers_go_on_without_gaps_after_a_restart()
{
    for (int start = 0; start < 3; ++start) {
        const auto log = openLog();
        for (int i = 0; i < 7; ++i)
            log->record(refusal("10.0.0.1"));
        m_clock.advance(1s);
    }
    const auto report = verifyChain(file());
    QVERIFY(report && !report->firstBad);
    QCOMPARE(report->newest, std::uint64_t(21));
}

void AuditLogTest::a_process_killed_while_it_writes_leaves_a_chain_and_what_must_stand()
{
    QProcess writer; // a fresh process: a fork of this one would have its threads' locks
    writer.start(QCoreApplication::applicationFilePath(),
                 {QLatin1StringView(writeUntilKilled), QString::fromStdString(m_file.string())});
    QVERIFY(writer.waitForReadyRead(30000));
    writer.kill();
    QVERIFY(writer.waitForFinished(30000));
    QCOMPARE(writer.exitStatus(), QProcess::CrashExit);

    std::uint64_t before = 0;
    {
        const auto log = openLog();
        before = log->newest();
        QVERIFY(before >= 2000);
        Ban ban = someBan();
        ban.id = BanId{1};
        QCOMPARE(log->loadBans(), std::vector<Ban>{ban});
        Revocation revocation = someRevocation();
        revocation.id = RevocationId{1};
        QCOMPARE(log->takeRevocations(), std::vector<Revocation>{revocation});
        QCOMPARE(log->takeTokenUses(), std::vector<TokenUse>{someUse});
        QVERIFY(log->takeLockdown() == someLockdown());
        TemporaryLimit limit = someLimit();
        limit.id = LimitId{1};
        QCOMPARE(log->takeLimits(), std::vector<TemporaryLimit>{limit});
        log->record(refusal("10.9.9.9"));
    }
    const auto report = verifyChain(file());
    QVERIFY(report);
    QVERIFY2(!report->firstBad, report->what.c_str());
    QCOMPARE(report->newest, before + 1);
}

void AuditLogTest::a_store_of_version_1_is_brought_up_to_date()
{
    {
        const auto log = openLog();
        log->record(refusal("10.9.9.9"));
        static_cast<void>(log->addBan(someBan()));
    }
    {
        test::StoreTool tool(QString::fromStdString(m_file.string()));
        QVERIFY(tool.execute("DROP TABLE revocations"));
        QVERIFY(tool.execute("DROP TABLE token_uses"));
        QVERIFY(tool.execute("DROP TABLE policy_versions"));
        QVERIFY(tool.execute("DROP TABLE lockdown"));
        QVERIFY(tool.execute("DROP TABLE temporary_limits"));
        QVERIFY(tool.execute("PRAGMA user_version = 1"));
    }
    QCOMPARE(page().entries.size(), 1u); // the log of a server that was not started since can be read
    {
        const auto log = openLog();
        QCOMPARE(log->newest(), std::uint64_t(1));
        QCOMPARE(log->loadBans().size(), 1u);
        static_cast<void>(log->addRevocation(someRevocation()));
    }
    QCOMPARE(openLog()->takeRevocations().size(), 1u);
    test::StoreTool tool(QString::fromStdString(m_file.string()));
    QCOMPARE(tool.value("PRAGMA user_version").toInt(), 3);
}

void AuditLogTest::a_newer_schema_is_refused()
{
    openLog().reset();
    {
        test::StoreTool tool(QString::fromStdString(m_file.string()));
        QVERIFY(tool.execute("PRAGMA user_version = 99"));
    }
    const auto log = AuditLog::open({m_file, 10}, m_clock);
    QVERIFY(!log);
    QVERIFY2(log.error().find("version 99") != std::string::npos, log.error().c_str());
    QVERIFY(!AuditReader(m_file).query({}));
    QVERIFY(!verifyChain(m_file));
}

void AuditLogTest::a_folder_that_is_not_there_is_named()
{
    const auto log = AuditLog::open({m_file.parent_path() / "no" / "store", 10}, m_clock);
    QVERIFY(!log);
    QVERIFY2(log.error().find("/no/store") != std::string::npos, log.error().c_str());
    const auto read = AuditReader(m_file.parent_path() / "absent").query({});
    QVERIFY(!read);
    QVERIFY(read.error().find("absent") != std::string::npos);
    QVERIFY(!std::filesystem::exists(m_file.parent_path() / "absent"));
}

void AuditLogTest::pages_follow_each_other_without_overlap()
{
    const auto log = openLog();
    for (int i = 0; i < 25; ++i)
        log->record(refusal("10.0.0." + std::to_string(i)));
    QVERIFY(log->flush());
    AuditQuery query;
    query.limit = 10;
    std::uint64_t expected = 25;
    for (const std::size_t size : {10U, 10U, 5U}) {
        const AuditPage read = page(query);
        QCOMPARE(read.entries.size(), size);
        QCOMPARE(read.more, size == 10);
        for (const AuditEntry& entry : read.entries)
            QCOMPARE(entry.number, expected--);
        query.before = read.entries.back().number;
    }
    QVERIFY(page(query).entries.empty());
}

void AuditLogTest::a_query_filters_by_each_of_its_fields_data()
{
    QTest::addColumn<QString>("field");
    for (const char* field : {"kind", "reason", "session", "user", "address", "text", "text in reason", "from", "to"})
        QTest::newRow(field) << QString::fromLatin1(field);
}

void AuditLogTest::a_query_filters_by_each_of_its_fields()
{
    QFETCH(QString, field);
    const auto log = openLog();
    log->record(refusal("10.0.0.1"));
    m_clock.advance(1s);
    AuditRecord other = refusal("10.0.0.2", Reason::Kicked);
    other.kind = AuditKind::Kick;
    other.session = SessionId{5};
    other.user = "bob";
    other.detail = "Out for Lunch";
    log->record(other);
    QVERIFY(log->flush());

    AuditQuery query;
    std::uint64_t expected = 2;
    if (field == QStringLiteral("kind"))
        query.kind = AuditKind::Kick;
    else if (field == QStringLiteral("reason"))
        query.reason = Reason::Kicked;
    else if (field == QStringLiteral("session"))
        query.session = SessionId{5};
    else if (field == QStringLiteral("user"))
        query.user = "bob";
    else if (field == QStringLiteral("address"))
        query.address = "10.0.0.2";
    else if (field == QStringLiteral("text"))
        query.text = "for lunch";
    else if (field == QStringLiteral("text in reason"))
        query.text = "kick";
    else if (field == QStringLiteral("from"))
        query.from = other.time;
    else {
        query.to = other.time;
        expected = 1;
    }
    const AuditPage read = page(query);
    QCOMPARE(read.entries.size(), std::size_t(1));
    QCOMPARE(read.entries[0].number, expected);
}

void AuditLogTest::wildcards_in_the_text_of_a_query_stand_for_themselves()
{
    const auto log = openLog();
    AuditRecord record = refusal("10.0.0.1");
    record.detail = "100% of it";
    log->record(record);
    record.detail = "100 of it";
    log->record(record);
    QVERIFY(log->flush());
    AuditQuery query;
    query.text = "0% o";
    QCOMPARE(page(query).entries.size(), std::size_t(1));
    query.text = "jwt_s_g";
    QVERIFY(page(query).entries.empty());
    query.text = "\\";
    QVERIFY(page(query).entries.empty());
}

void AuditLogTest::bans_outlive_the_process_until_they_are_over_or_lifted()
{
    Ban forever;
    forever.subject = BanSubject::User;
    forever.value = "ann";
    forever.issuer = "local";
    forever.actor = "root";
    forever.reason = "because";
    forever.since = m_clock.wall();
    Ban brief = forever;
    brief.subject = BanSubject::Network;
    brief.value = "10.0.0.0/8";
    brief.until = m_clock.wall() + 10s;
    Ban lifted = brief;
    lifted.until = m_clock.wall() + 1h;
    {
        const auto log = openLog();
        forever = log->addBan(forever);
        brief = log->addBan(brief);
        lifted = log->addBan(lifted);
        log->removeBan(lifted.id);
        QVERIFY(forever.id && brief.id && forever.id != brief.id);
    }
    QVERIFY(openLog()->loadBans() == (std::vector<Ban>{forever, brief}));
    m_clock.advance(10s);
    QVERIFY(openLog()->loadBans() == std::vector<Ban>{forever});
}

void AuditLogTest::the_id_of_a_lifted_ban_is_not_given_again()
{
    BanId first;
    {
        const auto log = openLog();
        first = log->addBan({}).id;
        log->removeBan(first);
    }
    QVERIFY(openLog()->addBan({}).id > first);
}

void AuditLogTest::a_locked_store_fails_and_recovers_by_itself_with_nothing_lost()
{
    const auto log = openLog();
    {
        test::StoreTool tool(QString::fromStdString(m_file.string()));
        QVERIFY(tool.execute("BEGIN IMMEDIATE"));
        for (int i = 0; i < 10; ++i)
            log->record(refusal("10.0.0." + std::to_string(i)));
        QVERIFY(!log->flush());
        QVERIFY(log->failing());
        QCOMPARE(log->newest(), std::uint64_t(0));
        QVERIFY(tool.execute("ROLLBACK"));
    }
    QTRY_VERIFY_WITH_TIMEOUT(!log->failing(), 30000);
    QCOMPARE(log->newest(), std::uint64_t(10));
    QCOMPARE(log->dropped(), std::uint64_t(0));
    const auto report = verifyChain(file());
    QVERIFY(report && !report->firstBad);
}

void AuditLogTest::a_full_queue_drops_counts_and_says_so()
{
    const auto log = openLog(100);
    {
        test::StoreTool tool(QString::fromStdString(m_file.string()));
        QVERIFY(tool.execute("BEGIN IMMEDIATE"));
        for (int i = 0; i < 150; ++i)
            log->record(refusal("10.0.0." + std::to_string(i)));
        QCOMPARE(log->dropped(), std::uint64_t(50));
        static_cast<void>(log->addBan({})); // has a place of its own
        QCOMPARE(log->dropped(), std::uint64_t(50));
        QVERIFY(!log->flush());
    }
    QTRY_VERIFY_WITH_TIMEOUT(!log->failing(), 30000);
    QVERIFY(log->flush());
    const AuditPage read = page();
    QCOMPARE(read.entries.size(), std::size_t(101));
    QCOMPARE(read.entries[0].record.decision.reason, Reason::AuditFailed);
    QVERIFY(read.entries[0].record.detail.starts_with("50 records"));
}

void AuditLogTest::the_twenty_first_record_of_a_source_in_a_second_is_counted_into_the_next()
{
    const auto log = openLog();
    for (int i = 0; i < 50; ++i)
        log->record(refusal("10.0.0.1"));
    log->record(refusal("10.0.0.2"));                    // another source
    log->record(refusal("10.0.0.1", Reason::JwtClaims)); // another reason
    m_clock.advance(1s);
    log->record(refusal("10.0.0.1"));
    QVERIFY(log->flush());
    const AuditPage read = page();
    QCOMPARE(read.entries.size(), std::size_t(23));
    QCOMPARE(read.entries[0].record.suppressed, 30U);
    for (std::size_t i = 1; i < read.entries.size(); ++i)
        QCOMPARE(read.entries[i].record.suppressed, 0U);
}

void AuditLogTest::what_is_left_out_last_is_written_when_its_source_falls_silent()
{
    {
        const auto log = openLog();
        for (int i = 0; i < 50; ++i)
            log->record(refusal("fe80::" + std::to_string(i + 1))); // one /64: one source
    }
    const AuditPage read = page();
    QCOMPARE(read.entries.size(), std::size_t(21));
    QCOMPARE(read.entries[0].record.address, std::string("fe80::50"));
    QCOMPARE(read.entries[0].record.suppressed, 29U);

    RecordLimiter limiter;
    for (int i = 0; i < 25; ++i)
        static_cast<void>(limiter.pass(refusal("10.0.0.1"), m_clock.now()));
    QVERIFY(limiter.idle(m_clock.now()).empty());
    m_clock.advance(RecordLimiter::idleAfter);
    const auto owed = limiter.idle(m_clock.now());
    QCOMPARE(owed.size(), std::size_t(1));
    QCOMPARE(owed[0].suppressed, 4U);
    QCOMPARE(limiter.size(), std::size_t(0));
}

void AuditLogTest::commands_of_operators_are_never_left_out()
{
    const auto log = openLog();
    for (int i = 0; i < 60; ++i) {
        AuditRecord record = refusal("10.0.0.1", Reason::Kicked);
        record.kind = AuditKind::Kick;
        record.actor = "root";
        log->record(record);
    }
    QVERIFY(log->flush());
    QCOMPARE(log->newest(), std::uint64_t(60));
}

void AuditLogTest::the_table_of_sources_is_bounded_and_loses_no_count()
{
    RecordLimiter limiter;
    std::uint64_t told = 0;
    std::uint64_t sent = 0;
    const auto count = [&told](const std::vector<AuditRecord>& records) {
        for (const AuditRecord& record : records)
            told += 1 + record.suppressed;
    };
    for (std::size_t i = 0; i < RecordLimiter::largestTable + 500; ++i)
        for (std::size_t j = 0; j < 20 + i % 7; ++j) {
            const std::string address =
                "10." + std::to_string(i / 65536) + '.' + std::to_string(i / 256 % 256) + '.' + std::to_string(i % 256);
            count(limiter.pass(refusal(address), m_clock.now()));
            ++sent;
        }
    QCOMPARE(limiter.size(), RecordLimiter::largestTable);
    QVERIFY(told < sent);
    count(limiter.all());
    QCOMPARE(told, sent);
}

void AuditLogTest::many_threads_record_and_nothing_is_lost()
{
    const auto log = openLog();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([this, &log, t] {
            for (int i = 0; i < 1000; ++i)
                log->record(
                    refusal("10." + std::to_string(t) + '.' + std::to_string(i / 250) + '.' + std::to_string(i % 250)));
        });
    for (std::thread& thread : threads)
        thread.join();
    QVERIFY(log->flush());
    QCOMPARE(log->newest(), std::uint64_t(4000));
    QCOMPARE(log->dropped(), std::uint64_t(0));
    const auto report = verifyChain(file());
    QVERIFY(report && !report->firstBad);
}

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    if (argc == 3 && std::string_view(argv[1]) == writeUntilKilled)
        return writeForever(argv[2]);
    AuditLogTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "auditlogtest.moc"
