using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>
/// The policy that the requests to a service depend on, compared by value: cached results do not outlive a change of the annotations.
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
/// The key of a cached result: a path of a host of an Ingress, its policy, and the value of auth-cache-key. That value can be a cookie or a
/// password, so only its SHA-256 is stored.
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
/// Caches results of authentication services for all routes. Of bounded size; the oldest entries are evicted. Lookups take no lock.
/// </summary>
internal sealed class ExternalAuthCache(TimeProvider time, int capacity = ExternalAuthCache.DefaultCapacity)
{
    private const int DefaultCapacity = 10_000;

    /// <summary>The maximum length of a cached result in characters, to limit memory.</summary>
    private const int MaxResultLength = 2_000;

    private readonly ConcurrentDictionary<ExternalAuthCacheKey, Entry> _entries = new();
    private readonly Queue<(ExternalAuthCacheKey Key, Entry Entry)> _oldest = new();
    private readonly Lock _lock = new();

    public int Count => _entries.Count;

    public ExternalAuthResult? Find(ExternalAuthCacheKey key) =>
        _entries.TryGetValue(key, out var entry) && time.GetElapsedTime(entry.Since) < entry.Lifetime ? entry.Result : null;

    /// <summary>Stores a result if a rule applies to its status and the service does not forbid caching.</summary>
    public void Store(ExternalAuthCacheKey key, EquatableArray<AuthCacheRule> rules, HttpResponseMessage response, ExternalAuthResult result)
    {
        // As in nginx, a response with a cookie is not cached, because it is for one client.
        if (result.Cookies.Length > 0 || result.Length > MaxResultLength || LifetimeOf(result.Status, rules) is not { } lifetime)
            return;
        lifetime = Shortened(lifetime, response, time);
        if (lifetime <= TimeSpan.Zero)
            return;
        var entry = new Entry(result, time.GetTimestamp(), lifetime);
        lock (_lock)
        {
            _entries[key] = entry;
            _oldest.Enqueue((key, entry));
            while (_oldest.Count > capacity)
            {
                // Removes only this entry; a newer one of the same key is further back in the queue.
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

    /// <summary>
    /// Applies the caching headers of the service, which can only shorten the lifetime. A response with Vary is not cached.
    /// </summary>
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

        // RFC 9111, 5.3: an invalid date, especially 0, is in the past. .NET treats Expires as a content header.
        if (hasAge || !response.Content.Headers.NonValidated.TryGetValues("Expires", out var expires))
            return lifetime;
        var left = DateTimeOffset.TryParseExact(expires.ToString(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end)
            ? end - time.GetUtcNow() : TimeSpan.Zero;
        return left < lifetime ? left : lifetime;
    }

    private sealed record Entry(ExternalAuthResult Result, long Since, TimeSpan Lifetime);
}
