// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tlscallbacks.h"

#include "net/tlscontext.h"
#include "net/tlsguard.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <openssl/x509_vfy.h>

namespace gatehouse {

namespace {

const TlsContext& contextOf(SSL* ssl)
{
    return *static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

TlsPeer& peerOf(SSL* ssl)
{
    return *static_cast<TlsPeer*>(SSL_get_app_data(ssl));
}

/// Nothing may throw through OpenSSL.
template <class Answer, class Work> Answer guarded(Answer onFailure, Work&& work) noexcept
{
    try {
        return work();
    } catch (const std::exception&) {
        return onFailure;
    }
}

/// Before anything is decided, so that a ticket is judged by the name of this very hello.
int onClientHello(SSL* ssl, int* alert, void*)
{
    return guarded(SSL_CLIENT_HELLO_ERROR, [&] {
        const unsigned char* bytes = nullptr;
        std::size_t size = 0;
        TlsPeer& peer = peerOf(ssl);
        peer.serverName.clear();
        if (SSL_client_hello_isv2(ssl)) { // RFC 8446 §D.5: no such form any more
            *alert = SSL_AD_PROTOCOL_VERSION;
            return SSL_CLIENT_HELLO_ERROR;
        }
        if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1)
            return SSL_CLIENT_HELLO_SUCCESS;
        const auto name = sentServerName({bytes, size});
        if (!name) {
            *alert = SSL_AD_DECODE_ERROR;
            return SSL_CLIENT_HELLO_ERROR;
        }
        peer.serverName = *name;
        return SSL_CLIENT_HELLO_SUCCESS;
    });
}

/// There is one certificate for all names; Host is held against the name later. The answer acknowledges it.
int onServerName(SSL*, int*, void*)
{
    return SSL_TLSEXT_ERR_OK;
}

/// RFC 7301: `http/1.1` where it is offered; a list without it ends the handshake with alert 120.
int selectProtocol(SSL*, const unsigned char** out, unsigned char* outLength, const unsigned char* in, unsigned length,
                   void*)
{
    static constexpr unsigned char wanted[] = "http/1.1";
    constexpr unsigned wantedLength = sizeof wanted - 1;
    for (unsigned i = 0; i + 1 <= length; i += 1U + in[i]) {
        if (i + 1U + in[i] <= length && in[i] == wantedLength && std::memcmp(in + i + 1, wanted, wantedLength) == 0) {
            *out = in + i + 1;
            *outLength = in[i];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int onTicketKey(SSL* ssl, unsigned char* name, unsigned char* vector, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                int seal)
{
    constexpr int failed = -1, unknown = 0, found = 1, renew = 2; // as SSL_CTX_set_tlsext_ticket_key_cb(3) has them
    return guarded(failed, [&] {
        const TlsContext& context = contextOf(ssl);
        const TimePoint now = context.clock().now();
        if (seal)
            return context.tickets().seal(now, name, vector, cipher, mac) ? found : failed;
        switch (context.tickets().open(now, name, vector, cipher, mac)) {
        case TicketKeys::Opened::No:
            return unknown;
        case TicketKeys::Opened::Yes:
            return found;
        case TicketKeys::Opened::Old:
            return renew;
        case TicketKeys::Opened::Failed:
            break;
        }
        return failed;
    });
}

/// Milliseconds since 1970; unset where a certificate of the chain has no end that can be read.
std::optional<std::int64_t> firstEnd(const STACK_OF(X509) & chain)
{
    std::int64_t first = INT64_MAX;
    for (int i = 0; i < sk_X509_num(&chain); ++i) {
        const auto end = notAfter(*sk_X509_value(&chain, i));
        if (!end)
            return std::nullopt;
        first = std::min<std::int64_t>(first, end->time_since_epoch().count());
    }
    return first;
}

/// A ticket carries when the first certificate of the client's chain ends. The ticket of a resumed session has it from
/// the one before.
int onTicketMade(SSL* ssl, void*)
{
    if (!contextOf(ssl).asksForCertificate() || SSL_session_reused(ssl))
        return 1;
    const STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl);
    const auto end = chain ? firstEnd(*chain) : std::nullopt;
    return end && SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &*end, sizeof *end) == 1 ? 1 : 0;
}

bool certificateHolds(SSL_SESSION* session, WallTime wall)
{
    void* data = nullptr;
    std::size_t size = 0;
    std::int64_t end = 0;
    if (!SSL_SESSION_get0_peer(session) || SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 ||
        size != sizeof end)
        return false;
    std::memcpy(&end, data, sizeof end);
    return wall.time_since_epoch().count() < end;
}

/// A ticket that is not good here any more leads to a whole handshake, with all its checks, never to an error. It is
/// good for the name that it was made for (RFC 6066 §3) and for as long as the client's certificates hold.
SSL_TICKET_RETURN onTicketOpened(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t,
                                 SSL_TICKET_STATUS status, void*)
{
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    const TlsContext& context = contextOf(ssl);
    const char* name = SSL_SESSION_get0_hostname(session);
    if (peerOf(ssl).serverName != (name ? name : ""))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (context.asksForCertificate() && !certificateHolds(session, context.clock().wall()))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/// X509_verify_cert() by the gate's own clock.
int verifyClient(X509_STORE_CTX* verification, void*)
{
    const int index = SSL_get_ex_data_X509_STORE_CTX_idx();
    auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, index));
    X509_STORE_CTX_set_time(verification, 0, std::chrono::system_clock::to_time_t(contextOf(ssl).clock().wall()));
    return X509_verify_cert(verification);
}

/// For every record, so it must be cheap.
void onMessage(int sent, int, int type, const void*, std::size_t, SSL* ssl, void*)
{
    TlsPeer& peer = peerOf(ssl);
    if (sent || !peer.established)
        return;
    if (type == SSL3_RT_HEADER)
        ++peer.records;
    else if (type == SSL3_RT_HANDSHAKE)
        peer.guard.attempt(contextOf(ssl).clock().now());
}

/// Of BIO_set_callback_ex(3): what it answers takes the place of the read's own result.
long onRead(BIO* bio, int operation, const char* bytes, std::size_t, int, long, int result, std::size_t* size)
{
    if (operation != (BIO_CB_READ | BIO_CB_RETURN) || result <= 0)
        return result;
    auto* ssl = static_cast<SSL*>(static_cast<void*>(BIO_get_callback_arg(bio)));
    TlsPeer& peer = peerOf(ssl);
    const auto* first = static_cast<const unsigned char*>(static_cast<const void*>(bytes));
    peer.helloTooLarge = !peer.hello->take({first, *size});
    if (peer.hello->changedCipher() && SSL_version(ssl) == TLS1_2_VERSION) // in TLS 1.3 a second hello may follow
        peer.hello->end();
    return peer.helloTooLarge ? -1 : result;
}

} // namespace

void watchHello(SSL& ssl)
{
    BIO* bio = SSL_get_rbio(&ssl);
    BIO_set_callback_arg(bio, static_cast<char*>(static_cast<void*>(&ssl)));
    BIO_set_callback_ex(bio, onRead);
}

void unwatchHello(SSL& ssl)
{
    BIO_set_callback_ex(SSL_get_rbio(&ssl), nullptr);
}

void setCallbacks(SSL_CTX& context)
{
    SSL_CTX_set_client_hello_cb(&context, onClientHello, nullptr);
    // What the macro SSL_CTX_set_tlsext_servername_callback() does, without its C cast.
    SSL_CTX_callback_ctrl(&context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(onServerName));
    SSL_CTX_set_alpn_select_cb(&context, selectProtocol, nullptr);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, onTicketKey);
    SSL_CTX_set_session_ticket_cb(&context, onTicketMade, onTicketOpened, nullptr);
    SSL_CTX_set_cert_verify_callback(&context, verifyClient, nullptr);
    SSL_CTX_set_msg_callback(&context, onMessage);
}

} // namespace gatehouse
