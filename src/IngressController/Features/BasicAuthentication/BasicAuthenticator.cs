using System.Net;
using IngressController.Features.BasicAuthentication.PasswordHashes;
using IngressController.Routing.Features.Authentication;
using IngressController.Views;

namespace IngressController.Features.BasicAuthentication;

/// <summary>Verifies a password; takes up to a second of a core.</summary>
internal delegate bool VerifyPassword(PasswordHash hash, ReadOnlySpan<byte> password);

/// <summary>
/// Verifies users and passwords. What was verified a while ago is known at once; anything else is done by a few threads of its own, so
/// that neither many logins nor an attacker take the time of requests that need none. The threads start with the first password.
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

    /// <summary>Verifications that wait or run.</summary>
    public int Pending => _queue.Count;

    /// <summary>Whether the user may log in with the password.</summary>
    /// <param name="users">Who may.</param>
    /// <param name="credentials">Who wants to.</param>
    /// <param name="client">The client's address, as trusted as it can be: each has a limit of its own.</param>
    /// <param name="cancellation">Ends the waiting; what nobody else waits for is then not done.</param>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    public ValueTask<AuthenticationVerdict> VerifyAsync(
        CredentialSet users, BasicCredentials credentials, IPAddress? client, CancellationToken cancellation)
    {
        // No user, no name to find out.
        if (users.Count == 0)
            return new(AuthenticationVerdict.Rejected);

        // An unknown user takes the time of a known one. The string's hash code is random in each process, so nobody can tell from the
        // times which users share a hash, and stays the same in it, as the time of a known user does.
        var isKnown = users.TryFind(credentials.User, out var hash);
        hash ??= users.Decoy((uint)credentials.User.GetHashCode());
        if (PasswordVerifier.IsCheap(hash.Scheme))
            return new(Judge(hash, isKnown, credentials.Password));

        var key = _keys.Make(credentials, hash, isKnown);
        if (_accepted.Contains(key))
            return new(AuthenticationVerdict.Accepted);
        if (_rejected.Contains(key))
            return new(AuthenticationVerdict.Rejected);
        var asked = new PasswordVerification(key, users, ClientNetwork.Of(client), hash, isKnown, credentials.Password);
        return WaitAsync(asked, cancellation);
    }

    public void Dispose() => _queue.Close();

    private async ValueTask<AuthenticationVerdict> WaitAsync(PasswordVerification asked, CancellationToken cancellation)
    {
        if (_queue.Join(asked) is not { } verification)
            return AuthenticationVerdict.Overloaded;
        try
        {
            _ = _workers.Value;
            return await verification.Verdict.WaitAsync(cancellation);
        }
        finally
        {
            _queue.Leave(verification);
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
        while (_queue.Take() is { } verification)
        {
            AuthenticationVerdict verdict;
            try
            {
                verdict = Resolve(verification);
            }
            catch (Exception error)
            {
                // The request fails with it, and closed; the thread is there for the next one.
                _queue.Completed(verification);
                verification.Fail(error);
                continue;
            }

            _queue.Completed(verification);
            verification.Complete(verdict);
        }
    }

    /// <summary>The verdict is remembered before the verification leaves the queue: an equal request finds it in one or the other.</summary>
    private AuthenticationVerdict Resolve(PasswordVerification verification)
    {
        // An equal one may have ended between this one's look into the cache and its coming into the queue.
        if (_accepted.Contains(verification.Key))
            return AuthenticationVerdict.Accepted;
        if (_rejected.Contains(verification.Key))
            return AuthenticationVerdict.Rejected;
        var verdict = Judge(verification.Hash, verification.IsKnown, verification.Password);
        (verdict == AuthenticationVerdict.Accepted ? _accepted : _rejected).Add(verification.Key);
        return verdict;
    }

    private AuthenticationVerdict Judge(PasswordHash hash, bool isKnown, ReadOnlySpan<byte> password) =>
        _verify(hash, password) & isKnown ? AuthenticationVerdict.Accepted : AuthenticationVerdict.Rejected;
}
