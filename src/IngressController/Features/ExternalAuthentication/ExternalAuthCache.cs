using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Table;
using IngressController.Routing.Values;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>
/// Everything that decides what is asked, by value: a changed annotation makes another, so nothing that is kept outlives it.
/// </summary>
internal sealed class ExternalAuthScope(ExternalAuthPolicy policy) : IEquatable<ExternalAuthScope>
{
    private readonly ExternalAuthPolicy _policy = policy;
    private readonly int _hash = policy.GetHashCode();

    public bool Equals(ExternalAuthScope? other) => ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _policy == other._policy);

    public override bool Equals(object? obj) => Equals(obj as ExternalAuthScope);

    public override int GetHashCode() => _hash;
}

/// <summary>
/// What one answer is kept by: one path of one host of one Ingress, what it asks, and the value of auth-cache-key. That may be a cookie or a
/// password, so only its SHA-256 is kept.
/// </summary>
internal readonly record struct ExternalAuthCacheKey(ExternalAuthScope Scope, string Host, ResourceName Ingress, PathMatch Match, UInt128 High, UInt128 Low)
{
    public static ExternalAuthCacheKey Of(ExternalAuthScope scope, string host, Routing.Table.Route route, string value)
    {
        Span<UInt128> hash = stackalloc UInt128[2];
        SHA256.HashData(MemoryMarshal.AsBytes(value.AsSpan()), MemoryMarshal.AsBytes(hash));
        return new(scope, host, route.Origin.Ingress, route.Match, hash[0], hash[1]);
    }
}

/// <summary>
/// Answers of authentication services, for all routes together: of bounded size, the oldest go first. Found without a lock.
/// </summary>
internal sealed class ExternalAuthCache(TimeProvider time, int capacity = ExternalAuthCache.DefaultCapacity)
{
    private const int DefaultCapacity = 10_000;

    /// <summary>A larger answer is not kept: so many of them would be much memory.</summary>
    private const int MaxLength = 2_000;

    private readonly ConcurrentDictionary<ExternalAuthCacheKey, Entry> _entries = new();
    private readonly Queue<(ExternalAuthCacheKey Key, Entry Entry)> _oldest = new();
    private readonly Lock _lock = new();

    public int Count => _entries.Count;

    public ExternalAuthAnswer? Find(ExternalAuthCacheKey key) =>
        _entries.TryGetValue(key, out var entry) && time.GetElapsedTime(entry.Since) < entry.Lifetime ? entry.Answer : null;

    /// <summary>Keeps an answer when its status is one of those, and the service does not forbid it.</summary>
    public void Keep(ExternalAuthCacheKey key, EquatableArray<AuthCacheRule> rules, HttpResponseMessage response, ExternalAuthAnswer answer)
    {
        // As in nginx, a cookie is one client's.
        if (answer.Cookies.Length > 0 || answer.Length > MaxLength || LifetimeOf(answer.Status, rules) is not { } lifetime)
            return;
        lifetime = Shortened(lifetime, response, time);
        if (lifetime <= TimeSpan.Zero)
            return;
        var entry = new Entry(answer, time.GetTimestamp(), lifetime);
        lock (_lock)
        {
            _entries[key] = entry;
            _oldest.Enqueue((key, entry));
            while (_oldest.Count > capacity)
            {
                // Only the very entry: a newer one under the same key stands further back.
                var oldest = _oldest.Dequeue();
                _entries.TryRemove(KeyValuePair.Create(oldest.Key, oldest.Entry));
            }
        }
    }

    private static TimeSpan? LifetimeOf(int status, EquatableArray<AuthCacheRule> rules)
    {
        foreach (var rule in rules)
        {
            if (rule.Statuses.Count == 0 || rule.Statuses.Contains(status))
                return rule.Lifetime;
        }

        return null;
    }

    /// <summary>What the service itself says can only shorten the time. An answer that varies by more than the key is not kept.</summary>
    private static TimeSpan Shortened(TimeSpan lifetime, HttpResponseMessage response, TimeProvider time)
    {
        var headers = response.Headers.NonValidated;
        if (headers.Contains("Vary"))
            return TimeSpan.Zero;
        var hasAge = false;
        if (headers.TryGetValues("Cache-Control", out var directives))
        {
            foreach (var directive in directives.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)).Select(text => text.ToLowerInvariant()))
            {
                if (directive.Split('=')[0] is "no-store" or "no-cache" or "private")
                    return TimeSpan.Zero;
                if (directive.Split('=') is not [("max-age" or "s-maxage"), var seconds])
                    continue;
                hasAge = true;
                var age = int.TryParse(seconds.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? TimeSpan.FromSeconds(number) : TimeSpan.Zero;
                lifetime = age < lifetime ? age : lifetime;
            }
        }

        // RFC 9111, 5.3: what is no date, 0 above all, is the past. .NET counts this header among those of the body.
        if (hasAge || !response.Content.Headers.NonValidated.TryGetValues("Expires", out var expires))
            return lifetime;
        var left = DateTimeOffset.TryParseExact(expires.ToString(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end)
            ? end - time.GetUtcNow() : TimeSpan.Zero;
        return left < lifetime ? left : lifetime;
    }

    private sealed record Entry(ExternalAuthAnswer Answer, long Since, TimeSpan Lifetime);
}
