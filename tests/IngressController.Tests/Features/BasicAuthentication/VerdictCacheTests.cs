using IngressController.Features.BasicAuthentication;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Features.BasicAuthentication;

public sealed class VerdictCacheTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_key_expires_after_its_lifetime()
    {
        var cache = new VerdictCache(10, TimeSpan.FromSeconds(10), _time);
        cache.Add(Key(1));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.True(cache.Contains(Key(1)));
        Assert.False(cache.Contains(Key(2)));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(cache.Contains(Key(1)));
    }

    [Fact]
    public void The_oldest_key_is_evicted()
    {
        var cache = new VerdictCache(3, TimeSpan.FromSeconds(10), _time);
        for (var i = 1; i <= 4; i++)
            cache.Add(Key(i));
        Assert.Equal([false, true, true, true], Enumerable.Range(1, 4).Select(i => cache.Contains(Key(i))));
        Assert.Equal(3, cache.Count);
    }

    [Fact]
    public void A_key_added_again_survives_its_first_expiry()
    {
        var cache = new VerdictCache(10, TimeSpan.FromSeconds(10), _time);
        cache.Add(Key(1));
        _time.Advance(TimeSpan.FromSeconds(6));
        cache.Add(Key(1));
        _time.Advance(TimeSpan.FromSeconds(6));
        cache.Add(Key(2));
        Assert.True(cache.Contains(Key(1)));
    }

    [Fact]
    public void Expired_keys_are_removed_when_others_are_added()
    {
        var cache = new VerdictCache(1000, TimeSpan.FromSeconds(10), _time);
        for (var i = 0; i < 500; i++)
            cache.Add(Key(i));
        _time.Advance(TimeSpan.FromSeconds(10));
        cache.Add(Key(1000));
        Assert.Equal(1, cache.Count);
    }

    private static VerdictKey Key(int number) => new((UInt128)number, (UInt128)number);
}
