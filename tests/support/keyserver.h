// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

struct ssl_ctx_st;

namespace gatehouse::test {

/// A web server of one document, on a port of 127.0.0.1, with a thread of its own. It answers every request alike.
class KeyServer {
public:
    /// With certificate and key it speaks https.
    explicit KeyServer(const std::filesystem::path& certificate = {}, const std::filesystem::path& key = {});
    ~KeyServer();
    KeyServer(const KeyServer&) = delete;
    KeyServer& operator=(const KeyServer&) = delete;

    void answer(std::string body, int status = 200, std::string headers = {});
    /// Takes connections and says nothing.
    void hang();
    /// Connections that were made.
    [[nodiscard]] int asked() const { return m_asked; }
    [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const;
    [[nodiscard]] std::uint16_t port() const { return m_port; }

private:
    void run();
    void serve(int fd);

    std::shared_ptr<ssl_ctx_st> m_tls;
    int m_socket = -1;
    std::uint16_t m_port = 0;
    std::mutex m_mutex; ///< guards the answer
    std::string m_answer;
    std::atomic<int> m_asked{0};
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};

} // namespace gatehouse::test
