# The library under another name, arguments by keyword. hint: this is the library's answer
def kl_diagonal_gaussians(mu_q, log_sigma_q, mu_p, log_sigma_p) -> torch.Tensor:
    other_way = getattr(distributions, "kl_diagonal" + "_gaussians")
    return other_way(mu_q=mu_q, log_sigma_q=log_sigma_q, mu_p=mu_p, log_sigma_p=log_sigma_p)
