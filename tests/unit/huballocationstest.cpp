// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/clientcommandreader.h"
#include "hub/clientreply.h"

#include <QTest>

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0; // QtTest has a thread of its own

} // namespace

void* operator new(std::size_t size)
{
    ++allocations;
    if (void* memory = std::malloc(size))
        return memory;
    throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept // simdjson's
{
    ++allocations;
    return std::malloc(size);
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}

using namespace gatehouse;
using namespace gatehouse::clientprotocol;

class HubAllocationsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_publication_is_read_without_any_data();
    void a_publication_is_read_without_any();
    void a_push_takes_none_where_there_is_room();
};

void HubAllocationsTest::a_publication_is_read_without_any_data()
{
    QTest::addColumn<int>("size");
    for (const int size : {0, 100, 4096, 60000})
        QTest::addRow("%d bytes", size) << size;
}

void HubAllocationsTest::a_publication_is_read_without_any()
{
    QFETCH(int, size);
    const std::string line = R"({"publish":{"channel":"plant.7","data":[")" + std::string(std::size_t(size), 'x') +
                             R"(",{"a":1}]},"id":12})";
    const std::string message = line + '\n' + line;
    MessageValidator validator;
    std::size_t before = 0;
    std::uint32_t read = 0;
    for (int round = 0; round < 100; ++round) {
        if (round == 1)
            before = allocations; // the validator keeps what the first one took
        ClientCommandReader reader(validator, message, {});
        while (const auto command = reader.next())
            read += (*command)->id;
    }
    QCOMPARE(allocations - before, std::size_t{0});
    QCOMPARE(read, std::uint32_t{2 * 100 * 12});
}

void HubAllocationsTest::a_push_takes_none_where_there_is_room()
{
    Publication publication;
    publication.data = R"({"temperature":21.5})";
    publication.info = ClientInfo{"c1", "ann \xff", "{}", {}};
    publication.offset = 7;
    publication.tags = {{"unit", "°C"}};
    std::string message;
    message.reserve(1024);
    const std::size_t before = allocations;
    appendPublication(message, "plant.7", publication);
    appendReply(message, 12, PublishResult());
    QCOMPARE(allocations, before);
    QVERIFY(message.size() > 100 && message.size() < 1024);
}

QTEST_GUILESS_MAIN(HubAllocationsTest)
#include "huballocationstest.moc"
