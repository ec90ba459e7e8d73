using System.Net;
using System.Text;
using IngressController.Features.BasicAuthentication;
using IngressController.Features.BasicAuthentication.PasswordHashes;
using IngressController.Http;
using IngressController.Routing.Features.Authentication;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Features.BasicAuthentication;

public sealed class BasicAuthenticatorTests : IDisposable
{
    private const string SomeHash = "$apr1$tP4EoiwO$u.GAOVcDBN5OFn47hmad40"; // correct horse
    private const string OtherHash = "$apr1$YXafSWjd$l8U2o1.xWzD086Ef28/gL0";

    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress OtherClient = IPAddress.Parse("192.0.2.2");

    private readonly ManualTimeProvider _time = new();
    private readonly BlockingVerifier _verifier = new();
    private readonly List<BasicAuthenticator> _started = [];

    [Fact]
    public async Task Correct_passwords_are_accepted_and_others_rejected()
    {
        using var authenticator = new BasicAuthenticator(new(), _time, PasswordVerifier.Verify);
        var users = Users(("alice", SomeHash), ("bob", "{PLAIN}builder"));
        Assert.Equal(AuthenticationVerdict.Accepted, await authenticator.VerifyAsync(users, Credentials("alice", "correct horse"), Client, default));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(users, Credentials("alice", "builder"), Client, default));
        Assert.Equal(AuthenticationVerdict.Accepted, await authenticator.VerifyAsync(users, Credentials("bob", "builder"), Client, default));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(users, Credentials("bob", "correct horse"), Client, default));
        foreach (var stranger in Enumerable.Range(0, 20).Select(i => $"user{i}").Append("Alice").Append("alice "))
        {
            Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(users, Credentials(stranger, "correct horse"), Client, default));
            Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(users, Credentials(stranger, "builder"), Client, default));
        }
    }

    [Fact]
    public async Task A_verdict_is_cached_for_its_lifetime()
    {
        var authenticator = Start();
        var users = Users(("alice", SomeHash));
        _verifier.Release(2);
        Assert.Equal(AuthenticationVerdict.Accepted, await authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(users, Credentials("alice", "wrong"), Client, default));

        AssertKnown(AuthenticationVerdict.Accepted, authenticator.VerifyAsync(users, Credentials("alice", "right"), OtherClient, default));
        AssertKnown(AuthenticationVerdict.Rejected, authenticator.VerifyAsync(users, Credentials("alice", "wrong"), Client, default));

        _time.Advance(TimeSpan.FromSeconds(10));
        AssertKnown(AuthenticationVerdict.Accepted, authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default));
        Assert.False(authenticator.VerifyAsync(users, Credentials("alice", "wrong"), Client, default).IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default).IsCompleted);
    }

    [Fact]
    public async Task A_changed_hash_or_removed_user_invalidates_the_old_password_immediately()
    {
        using var authenticator = new BasicAuthenticator(new(), _time, PasswordVerifier.Verify);
        var credentials = Credentials("alice", "correct horse");
        Assert.Equal(AuthenticationVerdict.Accepted, await authenticator.VerifyAsync(Users(("alice", SomeHash)), credentials, Client, default));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(Users(("alice", OtherHash)), credentials, Client, default));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(Users(("bob", SomeHash)), credentials, Client, default));
        AssertKnown(AuthenticationVerdict.Rejected, authenticator.VerifyAsync(Users(), credentials, Client, default));
        AssertKnown(AuthenticationVerdict.Accepted, authenticator.VerifyAsync(Users(("alice", SomeHash), ("x", OtherHash)), credentials, Client, default));
    }

    [Fact]
    public async Task An_unknown_user_is_accepted_as_soon_as_it_is_added()
    {
        using var authenticator = new BasicAuthenticator(new(), _time, PasswordVerifier.Verify);
        var credentials = Credentials("alice", "correct horse");
        // First verified with the hash of bob as decoy and rejected, then with the same hash as alice's own.
        var both = Users(("bob", SomeHash), ("alice", SomeHash));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(Users(("bob", SomeHash)), credentials, Client, default));
        Assert.Equal(AuthenticationVerdict.Accepted, await authenticator.VerifyAsync(both, credentials, Client, default));
    }

    [Fact]
    public async Task An_unknown_user_costs_one_verification_and_is_always_rejected()
    {
        var authenticator = Start();
        _verifier.Release();
        var users = Users(("alice", SomeHash));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(users, Credentials("mallory", "right"), Client, default));
        Assert.Equal(["right"], _verifier.Started);
    }

    [Fact]
    public async Task An_unknown_user_always_gets_the_same_decoy()
    {
        var authenticator = Start();
        var users = Users([.. Enumerable.Range(10, 50).Select(i => ($"user{i}", $"$apr1$salt{i}$u.GAOVcDBN5OFn47hmad40"))]);
        _verifier.Release(21);
        for (var i = 0; i < 20; i++)
            await authenticator.VerifyAsync(users, Credentials("mallory", $"guess {i}"), Client, default);
        Assert.Single(_verifier.Hashes.Distinct());
        await authenticator.VerifyAsync(users, Credentials("user11", "guess"), Client, default);
        Assert.True(users.TryFind("user11", out var hash));
        Assert.Same(hash, _verifier.Hashes.Last());
    }

    [Fact]
    public async Task Equal_concurrent_verifications_run_once()
    {
        var authenticator = Start(new() { Workers = 4 });
        var users = Users(("alice", SomeHash));
        var all = Enumerable.Range(0, 50).Select(_ => authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default).AsTask()).ToArray();
        await _verifier.WaitForStartAsync();
        Assert.Equal(1, authenticator.Pending);
        _verifier.Release(50);
        Assert.All(await Task.WhenAll(all), verdict => Assert.Equal(AuthenticationVerdict.Accepted, verdict));
        Assert.Single(_verifier.Started);
        Assert.Equal(0, authenticator.Pending);
    }

    [Fact]
    public async Task A_guessing_client_leaves_room_for_others_and_a_busy_set_for_other_sets()
    {
        var authenticator = Start(new() { Workers = 1, MaxPending = 5, MaxPendingPerSet = 4, MaxPendingPerClient = 3 });
        var (users, others) = (Users(("alice", SomeHash)), Users(("bob", OtherHash)));
        var waiting = Enumerable.Range(0, 3)
            .Select(i => authenticator.VerifyAsync(users, Credentials("alice", $"guess {i}"), Client, default).AsTask())
            .ToList();
        await AssertOverloadedAsync(authenticator.VerifyAsync(users, Credentials("alice", "guess 4"), Client, default));
        waiting.Add(authenticator.VerifyAsync(users, Credentials("alice", "right"), OtherClient, default).AsTask());
        await AssertOverloadedAsync(authenticator.VerifyAsync(users, Credentials("alice", "guess 5"), OtherClient, default));
        waiting.Add(authenticator.VerifyAsync(others, Credentials("bob", "right"), Client, default).AsTask());
        await AssertOverloadedAsync(authenticator.VerifyAsync(others, Credentials("bob", "guess 6"), OtherClient, default));
        Assert.Equal(5, authenticator.Pending);

        _verifier.Release(6);
        var verdicts = await Task.WhenAll(waiting);
        Assert.Equal(2, verdicts.Count(verdict => verdict == AuthenticationVerdict.Accepted));
        Assert.Equal(AuthenticationVerdict.Rejected, await authenticator.VerifyAsync(users, Credentials("alice", "guess 7"), Client, default));
    }

    [Fact]
    public async Task Sets_of_users_are_served_round_robin()
    {
        var authenticator = Start(new() { Workers = 1 });
        var (users, others) = (Users(("alice", SomeHash)), Users(("bob", OtherHash)));
        var waiting = new List<Task> { authenticator.VerifyAsync(users, Credentials("alice", "a0"), Client, default).AsTask() };
        await _verifier.WaitForStartAsync();
        foreach (var password in (string[])["a1", "a2", "a3"])
            waiting.Add(authenticator.VerifyAsync(users, Credentials("alice", password), Client, default).AsTask());
        foreach (var password in (string[])["b1", "b2"])
            waiting.Add(authenticator.VerifyAsync(others, Credentials("bob", password), Client, default).AsTask());
        _verifier.Release(6);
        await Task.WhenAll(waiting);
        Assert.Equal(["a0", "a1", "b1", "a2", "b2", "a3"], _verifier.Started);
    }

    [Fact]
    public async Task A_verification_without_waiting_requests_is_dropped()
    {
        var authenticator = Start(new() { Workers = 1, MaxPendingPerClient = 2 });
        var users = Users(("alice", SomeHash));
        using var gone = new CancellationTokenSource();
        var running = authenticator.VerifyAsync(users, Credentials("alice", "running"), Client, default);
        await _verifier.WaitForStartAsync();
        var abandoned = authenticator.VerifyAsync(users, Credentials("alice", "abandoned"), Client, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned.AsTask());
        Assert.Equal(1, authenticator.Pending);

        // The place is free again.
        var next = authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default);
        _verifier.Release(2);
        Assert.Equal(AuthenticationVerdict.Rejected, await running);
        Assert.Equal(AuthenticationVerdict.Accepted, await next);
        Assert.Equal(["running", "right"], _verifier.Started);
    }

    [Fact]
    public async Task A_canceled_request_does_not_affect_others_that_wait_for_the_same_verification()
    {
        var authenticator = Start(new() { Workers = 1 });
        var users = Users(("alice", SomeHash));
        using var gone = new CancellationTokenSource();
        var running = authenticator.VerifyAsync(users, Credentials("alice", "running"), Client, default);
        await _verifier.WaitForStartAsync();
        var leaving = authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, gone.Token);
        var staying = authenticator.VerifyAsync(users, Credentials("alice", "right"), OtherClient, default);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving.AsTask());
        _verifier.Release(2);
        Assert.Equal(AuthenticationVerdict.Rejected, await running);
        Assert.Equal(AuthenticationVerdict.Accepted, await staying);
    }

    [Fact]
    public async Task A_verification_that_throws_fails_only_its_own_request()
    {
        var authenticator = Start(new() { Workers = 1 });
        var users = Users(("alice", SomeHash));
        _verifier.Release(3);
        await Assert.ThrowsAsync<InvalidOperationException>(() => authenticator.VerifyAsync(users, Credentials("alice", "broken"), Client, default).AsTask());
        Assert.Equal(0, authenticator.Pending);
        Assert.Equal(AuthenticationVerdict.Accepted, await authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default));
        await Assert.ThrowsAsync<InvalidOperationException>(() => authenticator.VerifyAsync(users, Credentials("alice", "broken"), Client, default).AsTask());
    }

    [Fact]
    public async Task Many_guesses_do_not_evict_accepted_logins()
    {
        var authenticator = Start(new() { CacheCapacity = 10 });
        var users = Users(("alice", SomeHash));
        _verifier.Release(101);
        await authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default);
        for (var i = 0; i < 100; i++)
            await authenticator.VerifyAsync(users, Credentials("alice", $"guess {i}"), OtherClient, default);
        AssertKnown(AuthenticationVerdict.Accepted, authenticator.VerifyAsync(users, Credentials("alice", "right"), Client, default));
    }

    [Fact]
    public async Task Nothing_is_verified_after_disposal()
    {
        var authenticator = Start();
        authenticator.Dispose();
        await AssertOverloadedAsync(authenticator.VerifyAsync(Users(("alice", SomeHash)), Credentials("alice", "right"), Client, default));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public void A_client_is_an_IPv4_address_or_an_IPv6_64(string one, string other, bool isSame) =>
        Assert.Equal(isSame, ClientNetwork.Of(IPAddress.Parse(one)) == ClientNetwork.Of(IPAddress.Parse(other)));

    public void Dispose()
    {
        _verifier.Dispose();
        foreach (var authenticator in _started)
            authenticator.Dispose();
    }

    private BasicAuthenticator Start(BasicAuthenticationOptions? options = null)
    {
        var authenticator = new BasicAuthenticator(options ?? new(), _time, _verifier.Verify);
        _started.Add(authenticator);
        return authenticator;
    }

    private static void AssertKnown(AuthenticationVerdict expected, ValueTask<AuthenticationVerdict> verdict)
    {
        Assert.True(verdict.IsCompletedSuccessfully, "the verdict was not known");
        Assert.Equal(expected, verdict.GetAwaiter().GetResult());
    }

    private static async Task AssertOverloadedAsync(ValueTask<AuthenticationVerdict> verdict) =>
        Assert.Equal(AuthenticationVerdict.Overloaded, await verdict);

    private static CredentialSet Users(params (string User, string Hash)[] users) =>
        new(users.Select(user => KeyValuePair.Create(user.User, PasswordVerifierTests.Parse(user.Hash))));

    private static BasicCredentials Credentials(string user, string password) =>
        BasicCredentials.TryParse("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")), out var credentials)
            ? credentials
            : throw new ArgumentException("no credentials");
}
