using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>Only users with a password get in.</summary>
/// <param name="Users">Who may log in.</param>
/// <param name="Realm">What clients are told about it; visible ASCII and spaces, not yet quoted.</param>
/// <param name="Secret">Where the users come from.</param>
/// <param name="ExemptPaths">Rules whose path begins with one of these ask for no password.</param>
public sealed record BasicAuthPolicy(CredentialSet Users, string Realm, ResourceName Secret, EquatableArray<string> ExemptPaths) : RoutePolicy;
