using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace IngressController.Kubernetes.Leasing;

/// <summary>
/// The service account of this Pod as the owner of the Lease. An uninstall deletes the account, the garbage collector then deletes the
/// Lease, and the next installation has a leader at once. The Pods cannot release the Lease themselves, because they lose their permissions
/// first.
/// </summary>
public static class LeaseOwner
{
    /// <param name="token">The account's bound token, which names it (KEP-1205).</param>
    /// <param name="namespace">The namespace of the Lease: with an owner in another one, the Lease would be deleted at once.</param>
    /// <returns>Null if the token names no account in that namespace.</returns>
    public static V1OwnerReference? OfServiceAccount(string token, string @namespace)
    {
        try
        {
            var parts = token.Trim().Split('.');
            var claims = parts.Length == 3
                ? JsonSerializer.Deserialize(Base64Url.DecodeFromChars(parts[1]), LeaseOwnerJsonContext.Default.TokenClaims)?.Kubernetes
                : null;
            return claims is { ServiceAccount: { Name.Length: > 0, Uid.Length: > 0 } account } && claims.Namespace == @namespace
                ? new V1OwnerReference { ApiVersion = "v1", Kind = "ServiceAccount", Name = account.Name, Uid = account.Uid }
                : null;
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            return null; // a token of another kind
        }
    }

    internal sealed record TokenClaims([property: JsonPropertyName("kubernetes.io")] KubernetesClaims? Kubernetes);

    internal sealed record KubernetesClaims(
        [property: JsonPropertyName("namespace")] string? Namespace, [property: JsonPropertyName("serviceaccount")] AccountClaims? ServiceAccount);

    internal sealed record AccountClaims(
        [property: JsonPropertyName("name")] string? Name, [property: JsonPropertyName("uid")] string? Uid);
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(LeaseOwner.TokenClaims))]
internal sealed partial class LeaseOwnerJsonContext : JsonSerializerContext;
