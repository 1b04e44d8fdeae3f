"""Values for `{slot}` in the phrases. A fifth of the values of each wide slot is held out of training."""

NUMBERS = {  # slot: (smallest, largest)
    "n": (2, 30), "m": (5, 58), "pct_hi": (85, 99), "pct_lo": (1, 12), "big": (100, 9999),
    "big9": (70, 120), "id": (1000, 99999), "ppm": (1200, 2600), "hum": (12, 28), "aqi": (151, 420),
    "t28": (26, 31), "t10": (5, 13), "t80": (80, 120), "sec": (10, 180), "year": (2021, 2026),
}  # fmt: skip

NARROW = {  # too few values to hold some out
    "d": "1 2 3 4 5 6 7 8 9",
    "d8": "7 8 9",
    "hour": "1 2 3 4 5 6 7 8 9 10 11 12",
    "http": "400 403 404 408 500 502 503 504",
    "wheel": "左前轮 右前轮 左后轮 右后轮 前轮 后轮",
    "wheel_en": "front left,front right,rear left,rear right,front tire,rear tire",
    "color": "yellow red green purple blue brown pink grey",
    "color_zh": "黄色 红色 绿色 紫色 蓝色 棕色 粉色 灰色",
}

WORDS = {
    "name": "Anna Ben Carla David Emma Felix Grace Hugo Ida Jack Karin Leo Maria Noah Olga Paul Rosa "
    "Sam Tina Victor Wendy Yusuf Zoe Amir Beth",
    "ming": "小王 小李 张三 李四 王芳 刘洋 陈晨 赵敏 小林 老周 孙丽 吴强 小郑 老张 杨帆",
    "city": "Berlin Paris London Rome Madrid Tokyo Boston Oslo Vienna Prague Lyon Dublin Seattle "
    "Toronto Munich Zurich Lisbon Athens Cairo Delhi",
    "cheng": "北京 上海 广州 深圳 杭州 成都 南京 武汉 西安 重庆 天津 苏州 长沙 青岛 厦门",
    "country": "France Spain Italy Japan China India Brazil Canada Mexico Egypt Norway Peru Kenya "
    "Poland Austria Chile",
    "country_zh": "法国 德国 日本 英国 美国 中国 巴西 印度 埃及 意大利 加拿大 西班牙 泰国 挪威 澳大利亚",
    "svc": "checkout,orders,payment api,auth,search,gateway,billing,web,nginx,login,catalog,mail,"
    "inventory,report,user,redis,api",
    "svc_zh": "订单服务 支付服务 登录服务 搜索服务 用户服务 网关服务 库存服务 消息服务 邮件服务 报表服务",
    "table": "订单 用户 商品 日志 支付 库存 会员",
    "table_en": "orders users products events payments customers sessions items",
    "topic": "订单 日志 支付 通知 库存 用户",
    "topic_en": "orders payments emails events clicks invoices images",
    "lib": "openssl log4j curl zlib libxml2 spring react django numpy fastjson jackson xz",
    "device": "door lock,doorbell,smoke sensor,camera,thermometer,mouse,window sensor,gate sensor,"
    "scale,water meter,key fob,tracker",
    "device_zh": "门磁 门铃 摄像头 温度计 水表 烟雾传感器 窗磁 定位器 体温计 手柄",
    "item": "coffee beans,blue shirts,printer paper,running shoes,phone cases,notebooks,tea cups,"
    "jackets,batteries,headphones,soap,winter boots,lamps,umbrellas,sugar,gloves",
    "item_zh": "咖啡豆 蓝衬衫 打印纸 跑鞋 手机壳 笔记本 茶杯 外套 耳机 洗发水 靴子 台灯 雨伞 白糖 手套 矿泉水",
    "noun_en": "umbrellas,the window,coffee,the battery,electricity,the telephone,chess,the printer,"
    "water,the light bulb,bread,paper,the bicycle,a cat,the door,soap,a certificate,rain,the clock,"
    "shoes,music,a dog,the freezer,memory,the plant,oil,a valve,an invoice,the cache,pianos,comets,"
    "volcanoes,tigers,glass,the compass,penicillin,robots,honey,tulips,the subway",
    "noun_zh": "雨伞 窗户 咖啡 电池 电话 象棋 打印机 水 灯泡 面包 纸 自行车 猫 门 肥皂 证书 雨 时钟 鞋子 "
    "音乐 狗 冰箱 内存 植物 石油 阀门 发票 缓存 钢琴 彗星 火山 老虎 玻璃 指南针 火药 机器人 蜂蜜 空调 地铁 望远镜",
    "word": "apple purple seven carpet tiger window river banana Tuesday mirror pencil engine cloud "
    "spoon guitar planet orange elephant triangle ladder candle forest bottle horse marble winter "
    "piano yellow castle dragon button whisper lemon copper bridge anchor velvet pepper island rocket",
    "word_zh": "苹果 紫色 桌子 老虎 铅笔 月亮 自行车 香蕉 镜子 河流 钢琴 星期二 大象 三角形 森林 蜡烛 "
    "火箭 城堡 柠檬 桥梁 海豚 风筝 地图 剪刀 沙发 骆驼 教室 毛衣 橘子 石头 飞船 书包 筷子 轮船 蝴蝶 星座",
}


def draw_slot(name, rng, split):
    """A value for the slot, out of the "train" or the "held" share of its values.

    Errors: KeyError where no such slot exists.
    """
    if name in NUMBERS:
        return str(_draw_number(*NUMBERS[name], rng, split))
    if name in NARROW:
        return rng.choice(_split_list(NARROW[name]))
    if name in WORDS:
        return _draw_word(_split_list(WORDS[name]), rng, split)
    return MADE[name](rng, split)


def _split_list(text):
    return text.split(",") if "," in text else text.split()


def _is_held(index):
    return index % 5 == 2


def _draw_number(smallest, largest, rng, split):
    while True:
        value = rng.randint(smallest, largest)
        if _is_held(value) == (split == "held"):
            return value


def _draw_word(words, rng, split):
    return rng.choice([w for i, w in enumerate(words) if _is_held(i) == (split == "held")])


def _host(rng, split):
    role = rng.choice(["web", "db", "mq", "cache", "build", "app", "node", "log", "prod-web", "srv"])
    return f"{role}-{_draw_number(1, 30, rng, split)}"


def _node(rng, split):
    return f"{rng.choice(['node', 'worker', 'k8s', 'n'])}-{_draw_number(1, 40, rng, split)}"


def _ip(rng, split):
    """An address out of the ranges that RFC 5737 keeps for documentation."""
    return f"{rng.choice(['192.0.2', '198.51.100', '203.0.113'])}.{_draw_number(1, 250, rng, split)}"


def _domain(rng, split):
    host = rng.choice(["", "api.", "shop.", "www.", "mail.", "blog."])
    return f"{host}example.{rng.choice(['com', 'org', 'net'])}"


def _version(rng, split):
    prefix = rng.choice(["", "v"])
    return f"{prefix}{rng.randint(1, 9)}.{_draw_number(0, 20, rng, split)}.{rng.randint(0, 9)}"


def _gibberish(rng, split):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 8)))


MADE = {
    "host": _host,
    "node": _node,
    "ip": _ip,
    "domain": _domain,
    "ver": _version,
    "gib": _gibberish,
}
