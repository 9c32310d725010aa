// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/apihttp.h"
#include "net/adminarrival.h"

#include <cstdint>
#include <mutex>
#include <vector>

namespace gatehouse {

/// The reply to a call that is under way.
struct ApiReply {
    std::uint64_t connection = 0;
    ApiCall::Kind kind = ApiCall::Kind::Method;
    Reply reply;
};

/// Where the server's threads leave replies, and workers whom they let in at an admin listener. Shared with every call
/// that is under way, so that one which answers after the api thread is gone still has a place to put it. Thread-safe.
class ApiMailbox {
public:
    static constexpr std::size_t mostArrivals = 256; ///< that wait to be taken; more are turned away

    ApiMailbox();
    ~ApiMailbox();
    ApiMailbox(const ApiMailbox&) = delete;
    ApiMailbox& operator=(const ApiMailbox&) = delete;

    /// Readable once something lies here.
    [[nodiscard]] int event() const { return m_event; }
    void put(ApiReply reply);
    /// The arrival ends where too many wait, or nobody takes any more.
    void put(AdminArrival arrival);
    void wake() const;
    void stop();
    struct Mail {
        std::vector<ApiReply> replies;
        std::vector<AdminArrival> arrivals;
        std::uint64_t turnedAway = 0; ///< arrivals since the mail before that found no room
    };
    [[nodiscard]] Mail take();
    [[nodiscard]] bool stopped() const;

private:
    const int m_event;
    mutable std::mutex m_mutex; ///< guards what follows
    Mail m_mail;                // of replies at most one for each connection that was ever busy at once
    bool m_stopped = false;
};

} // namespace gatehouse
