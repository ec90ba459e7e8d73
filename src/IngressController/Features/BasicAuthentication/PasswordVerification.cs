using System.Security.Cryptography;
using IngressController.Http;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication;

/// <summary>A pending verification of a password, shared by all requests that wait for it.</summary>
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

    /// <summary>True if the hash is that of the user; false for a decoy, with which every password is rejected.</summary>
    public bool IsKnown { get; }

    public ReadOnlySpan<byte> Password => _password;

    public Task<AuthenticationVerdict> Verdict => _verdict.Task;

    /// <summary>Number of requests that wait. Guarded by the lock of the queue, like <see cref="Node"/>.</summary>
    public int Waiters { get; set; } = 1;

    /// <summary>The node in the queue; it is in no list after a worker has taken it.</summary>
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
