using System.Net;
using IngressController.Features.BasicAuthentication.PasswordHashes;
using IngressController.Http;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication;

/// <summary>Verifies a password. Takes up to a second of CPU time.</summary>
internal delegate bool VerifyPassword(PasswordHash hash, ReadOnlySpan<byte> password);

/// <summary>
/// Verifies users and passwords. Results are cached. Other verifications run on a few dedicated threads, so that neither many logins nor
/// attackers slow down other requests. The threads start with the first verification.
/// </summary>
internal sealed class BasicAuthenticator : IDisposable
{
    private readonly VerdictKeys _keys = new();
    private readonly VerdictCache _accepted;
    private readonly VerdictCache _rejected;
    private readonly VerificationQueue _queue;
    private readonly VerifyPassword _verify;
    private readonly Lazy<Thread[]> _workers;

    public BasicAuthenticator(BasicAuthenticationOptions options, TimeProvider time, VerifyPassword verify)
    {
        _accepted = new(options.CacheCapacity, options.AcceptedLifetime, time);
        _rejected = new(options.CacheCapacity, options.RejectedLifetime, time);
        _queue = new(options);
        _verify = verify;
        _workers = new(() => StartWorkers(options.Workers));
    }

    /// <summary>Number of pending verifications.</summary>
    public int Pending => _queue.Count;

    /// <summary>Verifies the user and the password.</summary>
    /// <param name="users">The users that have access.</param>
    /// <param name="credentials">The user and the password.</param>
    /// <param name="client">The address of the client, restored behind trusted proxies; each client has its own limit.</param>
    /// <param name="cancellation">Ends the wait; a verification without waiting requests is removed.</param>
    /// <exception cref="OperationCanceledException">The wait was canceled.</exception>
    public ValueTask<AuthenticationVerdict> VerifyAsync(
        CredentialSet users, BasicCredentials credentials, IPAddress? client, CancellationToken cancellation)
    {
        // Without users there are no names to protect.
        if (users.Count == 0)
            return new(AuthenticationVerdict.Rejected);

        // An unknown user takes as long as a known one. Hash codes of strings are random per process, so a client cannot compute which
        // decoy a name gets, and constant within it, as the time of a known user is.
        var isKnown = users.TryFind(credentials.User, out var hash);
        hash ??= users.Decoy((uint)credentials.User.GetHashCode(StringComparison.Ordinal));
        if (PasswordVerifier.IsCheap(hash.Scheme))
            return new(Verify(hash, isKnown, credentials.Password));

        var key = _keys.Create(credentials, hash, isKnown);
        if (_accepted.Contains(key))
            return new(AuthenticationVerdict.Accepted);
        if (_rejected.Contains(key))
            return new(AuthenticationVerdict.Rejected);
        var verification = new PasswordVerification(key, users, ClientNetwork.Of(client), hash, isKnown, credentials.Password);
        return WaitAsync(verification, cancellation);
    }

    public void Dispose() => _queue.Close();

    private async ValueTask<AuthenticationVerdict> WaitAsync(PasswordVerification verification, CancellationToken cancellation)
    {
        if (_queue.Enqueue(verification) is not { } queued)
            return AuthenticationVerdict.Overloaded;
        try
        {
            _ = _workers.Value;
            return await queued.Verdict.WaitAsync(cancellation);
        }
        finally
        {
            _queue.Release(queued);
        }
    }

    private Thread[] StartWorkers(int count)
    {
        var workers = new Thread[count];
        for (var i = 0; i < count; i++)
        {
            workers[i] = new Thread(Work) { IsBackground = true, Name = $"password verification {i + 1}" };
            workers[i].Start();
        }

        return workers;
    }

    private void Work()
    {
        while (_queue.Dequeue() is { } verification)
        {
            AuthenticationVerdict verdict;
            try
            {
                verdict = Resolve(verification);
            }
            catch (Exception error)
            {
                // The waiting requests fail, so they are denied; the thread continues with the next verification.
                _queue.Complete(verification);
                verification.Fail(error);
                continue;
            }

            _queue.Complete(verification);
            verification.Complete(verdict);
        }
    }

    /// <summary>Caches the verdict before the verification leaves the queue, so that an equal request finds it in one of the two.</summary>
    private AuthenticationVerdict Resolve(PasswordVerification verification)
    {
        // An equal verification can have completed after this one missed the cache and before it was queued.
        if (_accepted.Contains(verification.Key))
            return AuthenticationVerdict.Accepted;
        if (_rejected.Contains(verification.Key))
            return AuthenticationVerdict.Rejected;
        var verdict = Verify(verification.Hash, verification.IsKnown, verification.Password);
        (verdict == AuthenticationVerdict.Accepted ? _accepted : _rejected).Add(verification.Key);
        return verdict;
    }

    private AuthenticationVerdict Verify(PasswordHash hash, bool isKnown, ReadOnlySpan<byte> password) =>
        _verify(hash, password) & isKnown ? AuthenticationVerdict.Accepted : AuthenticationVerdict.Rejected;
}
