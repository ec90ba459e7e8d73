using System.Collections.Concurrent;
using System.Text;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Tests.Features.BasicAuthentication;

/// <summary>Stands for the costly verification: it counts, and waits until it is let go. A password is right when it is "right".</summary>
internal sealed class HeldVerifier : IDisposable
{
    private readonly SemaphoreSlim _begun = new(0);
    private readonly SemaphoreSlim _letGo = new(0);

    /// <summary>The passwords that were verified, in the order in which they were begun.</summary>
    public ConcurrentQueue<string> Begun { get; } = new();

    public ConcurrentQueue<PasswordHash> Hashes { get; } = new();

    public bool Verify(PasswordHash hash, ReadOnlySpan<byte> password)
    {
        var text = Encoding.UTF8.GetString(password);
        Begun.Enqueue(text);
        Hashes.Enqueue(hash);
        _begun.Release();
        Assert.True(_letGo.Wait(TimeSpan.FromSeconds(30)), "nobody let the verification go");
        return text == "broken" ? throw new InvalidOperationException("broken") : text == "right";
    }

    public async Task UntilBegunAsync() => Assert.True(await _begun.WaitAsync(TimeSpan.FromSeconds(30)), "no verification has begun");

    public void LetGo(int count = 1) => _letGo.Release(count);

    public void Dispose() => _letGo.Release(1000);
}
