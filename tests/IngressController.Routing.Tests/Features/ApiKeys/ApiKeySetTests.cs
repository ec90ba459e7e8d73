using IngressController.Routing.Features.ApiKeys;

namespace IngressController.Routing.Tests.Features.ApiKeys;

public sealed class ApiKeySetTests
{
    [Fact]
    public void Every_client_is_found_by_its_key_and_no_other()
    {
        var keys = Enumerable.Range(0, 300).ToDictionary(i => $"client-{i}", i => $"key {i * 7}");
        var set = new ApiKeySet(keys);
        Assert.All(keys, entry => Assert.Equal(entry.Key, set.Find(entry.Value)));
        Assert.Null(set.Find(""));
        Assert.Null(set.Find("key"));
        Assert.Null(set.Find("key 1"));
        Assert.Null(set.Find("KEY 7"));
        Assert.Null(set.Find(new string('x', ApiKeySet.MaxKeyLength + 1)));
        Assert.Null(set.Find("key \u0130"));
        Assert.Null(new ApiKeySet([]).Find("key 7"));
    }

    [Fact]
    public void Sets_are_equal_by_content_and_print_no_key()
    {
        ApiKeySet Set(params (string Client, string Key)[] keys) => new(keys.Select(entry => KeyValuePair.Create(entry.Client, entry.Key)));
        Assert.Equal(Set(("a", "1"), ("b", "2")), Set(("b", "2"), ("a", "1")));
        Assert.NotEqual(Set(("a", "1")), Set(("a", "2")));
        Assert.NotEqual(Set(("a", "1")), Set(("b", "1")));
        Assert.Equal("1 clients [redacted]", Set(("a", "1")).ToString());
    }

    [Fact]
    public void Finding_a_client_allocates_nothing()
    {
        var set = new ApiKeySet([KeyValuePair.Create("a", "some key"), KeyValuePair.Create("b", "other key")]);
        for (var i = 0; i < 100; i++)
            Assert.NotNull(set.Find("other key"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            set.Find("other key");
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
