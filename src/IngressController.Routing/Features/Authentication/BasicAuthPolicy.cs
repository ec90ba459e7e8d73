using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>Only users with a password are allowed.</summary>
/// <param name="Users">The users.</param>
/// <param name="Realm">The realm that clients are told; visible ASCII and spaces, not yet quoted.</param>
/// <param name="Secret">The Secret with the users.</param>
/// <param name="ExemptPaths">Rules whose path begins with one of these need no password.</param>
public sealed record BasicAuthPolicy(CredentialSet Users, string Realm, ResourceName Secret, EquatableArray<string> ExemptPaths) : RoutePolicy;
