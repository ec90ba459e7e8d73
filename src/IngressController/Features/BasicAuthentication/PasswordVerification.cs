using System.Security.Cryptography;
using IngressController.Routing.Features.Authentication;
using IngressController.Views;

namespace IngressController.Features.BasicAuthentication;

/// <summary>One password that is to be verified, and all requests that wait for it.</summary>
internal sealed class PasswordVerification
{
    private readonly TaskCompletionSource<AuthenticationVerdict> _verdict = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _password;

    public PasswordVerification(VerdictKey key, CredentialSet users, ClientNetwork client, PasswordHash hash, bool isKnown, ReadOnlySpan<byte> password)
    {
        Key = key;
        Users = users;
        Client = client;
        Hash = hash;
        IsKnown = isKnown;
        _password = password.ToArray();
        Node = new(this);
    }

    public VerdictKey Key { get; }

    public CredentialSet Users { get; }

    public ClientNetwork Client { get; }

    public PasswordHash Hash { get; }

    /// <summary>Whether the hash is that of the user; if not, the password is wrong whatever it is.</summary>
    public bool IsKnown { get; }

    public ReadOnlySpan<byte> Password => _password;

    public Task<AuthenticationVerdict> Verdict => _verdict.Task;

    /// <summary>Requests that wait. Guarded by the queue, as is <see cref="Node"/>.</summary>
    public int Waiters { get; set; } = 1;

    /// <summary>The place in the queue; in no list any more once a worker took it.</summary>
    public LinkedListNode<PasswordVerification> Node { get; }

    public void Complete(AuthenticationVerdict verdict)
    {
        CryptographicOperations.ZeroMemory(_password);
        _verdict.TrySetResult(verdict);
    }

    public void Fail(Exception error)
    {
        CryptographicOperations.ZeroMemory(_password);
        _verdict.TrySetException(error);
    }
}
