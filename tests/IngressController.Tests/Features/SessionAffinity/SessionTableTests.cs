using IngressController.Configuration;
using IngressController.Features.SessionAffinity;
using Microsoft.Extensions.Logging.Abstractions;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace IngressController.Tests.Features.SessionAffinity;

/// <summary>What moves when the endpoints change, against the least that must move.</summary>
public sealed class SessionTableTests
{
    private static readonly ResourceName Service = new("default", "web");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(50)]
    public void A_new_endpoint_takes_its_share_of_balanced_sessions_and_no_other_moves(int count)
    {
        var endpoints = Endpoints(count + 1);
        var table = Balanced(endpoints[..count]);
        var sessions = Sessions(table, endpoints[..count]);
        table.Apply(endpoints);
        var moved = sessions.Where(session => table.Find(session.Value) != session.Endpoint).ToArray();
        Assert.All(moved, session => Assert.Same(endpoints[count], table.Find(session.Value)));
        // A ring of 160 points an endpoint gives each its share within 8 %, and 1,024 slots within 3 % of one in eleven: together within 40 %.
        var ideal = (double)sessions.Length / (count + 1);
        Assert.InRange(moved.Length, 0.6 * ideal, 1.4 * ideal);
    }

    [Fact]
    public void Only_balanced_sessions_of_an_endpoint_that_is_gone_move_and_they_spread()
    {
        var endpoints = Endpoints(10);
        var table = Balanced(endpoints);
        var sessions = Sessions(table, endpoints);
        table.Apply(endpoints[1..]);
        Assert.All(sessions, session => Assert.True(session.Endpoint == endpoints[0] ? table.Find(session.Value) is not null : table.Find(session.Value) == session.Endpoint));
        var takers = sessions.Where(session => session.Endpoint == endpoints[0]).Select(session => table.Find(session.Value)).Distinct().Count();
        Assert.InRange(takers, 7, 9);
        // It comes back, and so do its sessions.
        table.Apply(endpoints);
        Assert.All(sessions, session => Assert.Same(session.Endpoint, table.Find(session.Value)));
    }

    [Fact]
    public void Persistent_sessions_move_only_if_their_endpoint_is_gone()
    {
        var endpoints = Endpoints(10);
        var table = new PersistentSessions(NewKey(), Service);
        table.Apply(endpoints[..9]);
        var values = endpoints[..9].Select(table.ValueFor).ToArray();
        table.Apply(endpoints[1..]);
        Assert.Null(table.Find(values[0]));
        for (var i = 1; i < 9; i++)
            Assert.Same(endpoints[i], table.Find(values[i]));
        Assert.Null(table.ValueFor(endpoints[0]));
        Assert.NotNull(table.ValueFor(endpoints[9]));
        table.Apply([]);
        Assert.Null(table.Find(values[1]));
    }

    [Theory]
    [InlineData(700)]
    [InlineData(1024)]
    public void Each_of_very_many_endpoints_has_sessions(int count)
    {
        var endpoints = Endpoints(count);
        var table = Balanced(endpoints);
        Assert.All(endpoints, endpoint => Assert.Same(endpoint, table.Find(table.ValueFor(endpoint)!)));
    }

    [Fact]
    public void More_endpoints_than_slots_leave_some_without_sessions_and_none_wrong()
    {
        var endpoints = Endpoints(BalancedSessions.Slots + 100);
        var table = Balanced(endpoints);
        var values = endpoints.Select(endpoint => (endpoint, Value: table.ValueFor(endpoint))).ToArray();
        Assert.Equal(BalancedSessions.Slots, values.Count(entry => entry.Value is not null));
        Assert.All(values, entry => Assert.True(entry.Value is null || table.Find(entry.Value) == entry.endpoint));
    }

    [Fact]
    public void Without_endpoints_no_value_is_known()
    {
        var endpoints = Endpoints(2);
        var table = Balanced(endpoints);
        var value = table.ValueFor(endpoints[0])!;
        table.Apply([]);
        Assert.Null(table.Find(value));
        Assert.Null(table.ValueFor(endpoints[0]));
    }

    [Fact]
    public void Values_depend_on_key_Service_and_endpoint()
    {
        var key = NewKey();
        var endpoint = Endpoints(1);
        string[] values = [ValueOf(key, Service), ValueOf(NewKey(), Service), ValueOf(key, new("default", "other")), ValueOf(key, new("other", "web"))];
        Assert.Equal(4, values.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(values[0], ValueOf(key, Service));

        string ValueOf(SessionKey key, ResourceName service)
        {
            var table = new PersistentSessions(key, service);
            table.Apply(endpoint);
            return table.ValueFor(endpoint[0])!;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Finding_a_session_does_not_allocate(bool isPersistent)
    {
        var endpoints = Endpoints(20);
        SessionTable table = isPersistent ? new PersistentSessions(NewKey(), Service) : new BalancedSessions(NewKey(), Service);
        table.Apply(endpoints);
        Microsoft.Extensions.Primitives.StringValues cookies = $"theme=dark; INGRESSCOOKIE=unknown; INGRESSCOOKIE={table.ValueFor(endpoints[7])}; last=1";
        for (var i = 0; i < 100; i++)
            Assert.Same(endpoints[7], table.Find(cookies, "INGRESSCOOKIE"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            table.Find(cookies, "INGRESSCOOKIE");
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static BalancedSessions Balanced(DestinationState[] endpoints)
    {
        var table = new BalancedSessions(NewKey(), Service);
        table.Apply(endpoints);
        return table;
    }

    /// <summary>All balanced sessions that exist, with their endpoints: as many as there are slots.</summary>
    private static (string Value, DestinationState Endpoint)[] Sessions(BalancedSessions table, DestinationState[] endpoints)
    {
        var sessions = new Dictionary<string, DestinationState>(StringComparer.Ordinal);
        for (var i = 0; sessions.Count < BalancedSessions.Slots && i < 1_000_000; i++)
            sessions[table.ValueFor(endpoints[i % endpoints.Length])!] = endpoints[i % endpoints.Length];
        Assert.Equal(BalancedSessions.Slots, sessions.Count);
        return [.. sessions.Select(session => (session.Key, session.Value))];
    }

    private static SessionKey NewKey() => new(new SessionAffinityOptions(), NullLogger<SessionKey>.Instance);

    private static DestinationState[] Endpoints(int count) => [.. Enumerable.Range(0, count).Select(i =>
        new DestinationState($"10.0.{i / 250}.{i % 250}:8080", new DestinationModel(new DestinationConfig { Address = $"http://10.0.{i / 250}.{i % 250}:8080" })))];
}
