using System.Collections.Concurrent;
using System.Text;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Tests.Features.BasicAuthentication;

/// <summary>Replaces the costly verification: records it and blocks until released. Only the password "right" is correct.</summary>
internal sealed class BlockingVerifier : IDisposable
{
    private readonly SemaphoreSlim _started = new(0);
    private readonly SemaphoreSlim _released = new(0);

    /// <summary>The verified passwords in the order of their start.</summary>
    public ConcurrentQueue<string> Started { get; } = new();

    public ConcurrentQueue<PasswordHash> Hashes { get; } = new();

    public bool Verify(PasswordHash hash, ReadOnlySpan<byte> password)
    {
        var text = Encoding.UTF8.GetString(password);
        Started.Enqueue(text);
        Hashes.Enqueue(hash);
        _started.Release();
        Assert.True(_released.Wait(TimeSpan.FromSeconds(30)), "the verification was not released");
        return text == "broken" ? throw new InvalidOperationException("broken") : text == "right";
    }

    public async Task WaitForStartAsync() => Assert.True(await _started.WaitAsync(TimeSpan.FromSeconds(30)), "no verification has started");

    public void Release(int count = 1) => _released.Release(count);

    public void Dispose() => _released.Release(1000);
}
